import Foundation
import Testing
import TrailsClient

/// The program in README.md under "In a Swift program", line for line, so that the compiler reads it.
enum ReadmeProgram {
    /// What the README leaves to its reader.
    struct Worker {
        func stop() async {}
    }

    static func run(_ worker: Worker) async {
        let trails = TrailsClient.initialize()  // from TRAILS_INFO; without it, all of this does nothing
        trails.onCancel(grace: .seconds(10)) { _ in await worker.stop() }
        trails.status(progress: 0.4, note: "half of the rows")
        trails.result(["rows": 5_000_000])
        await trails.shutdown()
    }
}

@Suite(.timeLimit(.minutes(10))) struct `The program of the README` {
    /// The block of Swift in a paper, but for its imports.
    static func program(in readme: String) -> [String] {
        let block = readme.firstMatch(of: /(?ms)^```swift\n(.*?)^```$/).map { String($0.1) } ?? ""
        return block.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("import ") }
    }

    @Test func `is one that compiles, and does nothing without TRAILS_INFO`() async throws {
        let place = try Place()
        defer { place.remove() }
        let lines = try Self.program(in: place.readme)
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let compiled = source.split(separator: "\n").map { $0.drop { $0 == " " } }
        let start = try #require(compiled.firstIndex { $0 == lines.first.map { $0[...] } }, "\(lines)")
        #expect(compiled[start..<(start + lines.count)].map(String.init) == lines)
        await ReadmeProgram.run(ReadmeProgram.Worker())
    }
}
