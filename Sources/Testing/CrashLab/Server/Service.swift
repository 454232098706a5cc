import Glibc
import Synchronization

/// A real program that serves, to be killed and started again. It dies with this object at the latest.
final class Service: Sendable {
    /// Where it says what went wrong.
    let log: String
    private let words: [String]
    /// Variables that are added to its environment.
    private let variables: [String]
    private let process = Mutex<Child?>(nil)

    /// - Parameter words: The program, and the arguments with which it serves.
    init(_ words: [String], variables: [String] = [], log: String) {
        self.words = words
        self.variables = variables
        self.log = log
    }

    /// A run that throws must leave nothing behind that holds its port and its files.
    deinit { self.process.withLock { $0 }?.abandon() }

    /// `nil` while it does not run.
    var processID: Int32? { self.process.withLock { $0?.pid } }

    /// Starts the program and does not wait until it serves.
    func launch() throws(LabError) {
        let child = try Child(self.words, variables: self.variables, log: self.log)
        self.process.withLock { $0 = child }
    }

    /// Starts the program, waits until it serves, and says how long that took.
    func start() async throws -> Duration {
        let start = ContinuousClock.now
        try self.launch()
        guard let child = self.process.withLock({ $0 }), try await child.says("listening on") else {
            throw LabError("\(self.words[0]) did not start: see \(self.log)")
        }
        return start.duration(to: .now)
    }

    /// Kills it with SIGKILL and waits until it is gone; throws when it had already ended by itself.
    func kill() async throws { try await self.end(SIGKILL, expecting: .signal(SIGKILL)) }

    /// Asks it to leave with SIGTERM and waits until it has; throws when it does not leave with 0.
    func stop() async throws { try await self.end(SIGTERM, expecting: .exit(0)) }

    private func end(_ signal: Int32, expecting expected: Child.End) async throws {
        let child = self.process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let child else { return }
        let end = try await child.end(with: signal)
        guard end == expected else {
            throw LabError("\(self.words[0]) ended by itself or badly (\(end)): see \(self.log)")
        }
    }

    /// Runs the program with other arguments, which judge what it has kept; answers what it complains about, nothing
    /// when all is well.
    func complaints(of arguments: [String]) async throws -> [String] {
        let child = try Child([self.words[0]] + arguments, variables: [], log: self.log)
        let said = try await child.output()
        let end = try await child.end(with: 0)
        return end == .exit(0) ? [] : ["\(arguments.joined(separator: " ")) ended with \(end): \(said)"]
    }
}

extension [Duration] {
    /// How long restarts took, for people.
    var restartText: String {
        let sorted = self.sorted()
        let median = sorted.isEmpty ? .zero : sorted[sorted.count / 2]
        return "restart \(median.milliseconds) ms (median), \((sorted.last ?? .zero).milliseconds) ms (longest)"
    }
}
