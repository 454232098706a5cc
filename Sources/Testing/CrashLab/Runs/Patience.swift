/// Waiting for something that another process does.
enum Patience {
    /// Looks again and again until `isDone`; throws after two minutes.
    static func wait(_ what: String, until isDone: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while try await !isDone() {
            guard ContinuousClock.now < deadline else { throw LabError("waited for \(what) for two minutes") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension Duration {
    /// In whole milliseconds.
    var milliseconds: Int64 { self.components.seconds * 1_000 + self.components.attoseconds / 1_000_000_000_000_000 }
}
