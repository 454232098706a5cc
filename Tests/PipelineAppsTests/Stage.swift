import Foundation
import ProgramKit
import Testing
import Vocabulary

/// A trailsd with one root, `nightly`, which every script here has chosen; sessions and runs are in the folder beside
/// it. All of it dies with the test.
final class Stage {
    let folder: URL
    /// Of the server, over all its lives.
    private let port: Int
    private var server: TestProgram?

    init() async throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "pipeline-apps-\(UUID())")
        self.port = try FreePort.find()
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try await self.startServer()
        try await self.ok("trails init-app nightly", ["TRAILS_APP": ""])
    }

    deinit {
        self.server?.kill()
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// Starts trailsd, on the port it had before; returns when it listens.
    func startServer() async throws {
        let output = self.folder.appending(path: "trailsd.out")
        try? FileManager.default.removeItem(at: output)
        self.server = try self.start(
            "exec trailsd --data data --listen 127.0.0.1:\(self.port) >trailsd.out 2>>trailsd.log", limit: 300)
        try await self.until("trailsd listens") {
            let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            return text.contains(/listening on ws:\/\/127.0.0.1:\d+\/ws/)
        }
    }

    /// SIGKILL; returns when it is gone.
    func killServer() { self.server?.kill() }

    // MARK: Scripts

    /// Starts a script that goes on by itself.
    func start(_ script: String, _ more: [String: String] = [:], limit: Int = 120) throws -> TestProgram {
        try TestProgram(
            bash: script, environment: self.environment(more), in: self.folder.path, limit: .seconds(limit))
    }

    private func environment(_ more: [String: String]) -> [String: String] {
        [
            "PATH": "\(TestProgram.built):/usr/bin:/bin", "HOME": self.folder.path, "TRAILS_APP": "nightly",
            "TRAILS_SERVER": "ws://127.0.0.1:\(self.port)/ws", "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C.UTF-8",
        ].merging(more) { $1 }
    }

    /// Plays a script to its end: its exit code, and all it said.
    func play(_ script: String, _ more: [String: String] = [:]) async throws -> (code: Int32, said: String) {
        let program = try self.start("{ \(script)\n} 2>&1", more)
        return (await program.wait(), program.output)
    }

    /// Plays a script that must succeed.
    @discardableResult
    func ok(
        _ script: String, _ more: [String: String] = [:], at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let end = try await self.play(script, more)
        #expect(end.code == 0, "\(script): \(end.said)", sourceLocation: location)
        return end.said
    }

    func write(_ text: String, to name: String) throws {
        try text.write(to: self.folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    /// The lines of a file that programs write; none when it is not there.
    func lines(_ name: String) -> [String] {
        let text = (try? String(contentsOf: self.folder.appending(path: name), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    // MARK: Looking

    /// What the root sees: its subtree, by name.
    func apps() async throws -> [String: JSONValue] {
        let said = try await self.ok("trails tree --json 2>/dev/null")
        let apps = try JSONValue(parsing: Array(said.utf8)).array ?? []
        return Dictionary(apps.map { ($0["appName"]?.string ?? "", $0) }) { $1 }
    }

    func status(of name: String) async throws -> String? { try await self.apps()[name]?["status"]?.string }

    /// The tree without ids and places.
    func tree() async throws -> [String] {
        let said = try await self.ok("trails tree 2>/dev/null")
        return said.split(separator: "\n").map { line in
            String(line.replacing(#/ \([0-9a-f]{8}\)/#, with: "").replacing(#/\].*/#, with: "]"))
        }
    }

    /// Waits for something, for a minute.
    func until(
        _ what: String, at location: SourceLocation = #_sourceLocation, _ isTrue: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if try await isTrue() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("it did not come true: \(what)\n\(self.lines("trailsd.log").suffix(5))", sourceLocation: location)
    }
}
