import Foundation
import ProgramKit
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `After a crash` {
    static let pipeline = """
        digraph Long {
            start [shape=Mdiamond]
            first  [shape=parallelogram, tool_command="echo first >>log.txt; echo one"]
            second [shape=parallelogram, timeout=90s, tool_command="touch here; \
        for i in $(seq 600); do test -e go && break; sleep 0.05; done; echo second >>log.txt"]
            third  [shape=parallelogram, timeout=90s, tool_command="touch there; \
        for i in $(seq 600); do test -e on && break; sleep 0.05; done; echo third >>log.txt"]
            end   [shape=Msquare]
            start -> first -> second -> third -> end
        }
        """

    static func started() async throws -> (Stage, TestProgram) {
        let stage = try await Stage()
        try stage.write(self.pipeline, to: "long.dot")
        let run = try stage.start("exec orchestra run long.dot >run.out 2>&1")
        try await stage.until("second is at work") {
            guard stage.has("here") else { return false }
            return try await stage.status(of: "second") == "running"
        }
        return (stage, run)
    }

    @Test func `of the run, the same apps go on, and none is left over`() async throws {
        let (stage, run) = try await Self.started()
        let before = try await stage.apps()
        run.signal(SIGKILL)
        _ = await run.wait()
        try await stage.until("trailsd has noticed") {
            try await stage.status(of: "Long") != "running"
        }
        try stage.write("", to: "go")
        try stage.write("", to: "on")
        try await stage.ok("orchestra resume $(orchestra status | awk 'NR == 2 { print $1 }')")
        #expect(stage.lines("log.txt").filter { $0 == "first" }.count == 1)
        let after = try await stage.apps()
        #expect(after.count == 5)
        for name in ["Long", "first", "second", "third"] {
            #expect(after[name]?["status"]?.string == "done", "\(name)")
            if let id = before[name]?["appId"] { #expect(after[name]?["appId"] == id) }
        }
        #expect(after["Long"]?["incarnation"]?.integer == 2 && after["first"]?["incarnation"]?.integer == 1)
    }

    @Test func `of trailsd, the run goes on, says so once, and all is told later`() async throws {
        let (stage, run) = try await Self.started()
        defer { run.kill() }
        stage.killServer()
        try stage.write("", to: "go")
        try await stage.until("third is at work") { stage.has("there") }
        try await stage.startServer()
        try await stage.until("trailsd knows of second") { try await stage.status(of: "second") == "done" }
        try stage.write("", to: "on")
        #expect(await run.wait() == 0)
        let said = stage.lines("run.out")
        #expect(said.count { $0.contains("orchestra: note: TRAILS: no connection") } == 1, "\(said)")
        let apps = try await stage.apps()
        #expect(["Long", "first", "second", "third"].allSatisfy { apps[$0]?["status"]?.string == "done" })
    }

    @Test func `of both, what trailsd never heard is told by the run that comes back`() async throws {
        let (stage, run) = try await Self.started()
        stage.killServer()
        try stage.write("", to: "go")
        try await stage.until("third is at work") { stage.has("there") }
        run.signal(SIGKILL)
        _ = await run.wait()
        try await stage.startServer()
        #expect(try await stage.status(of: "second") != "done")
        let id = try await stage.ok("orchestra status | awk 'NR == 2 { print $1 }'").split(separator: "\n")[0]
        let again = try stage.start("exec orchestra resume \(id) >again.out 2>&1")
        defer { again.kill() }
        try await stage.until("trailsd knows of second") { try await stage.status(of: "second") == "done" }
        #expect(try await stage.apps()["second"]?["result"]?["told"]?.string == "after a crash")
        try stage.write("", to: "on")
        #expect(await again.wait() == 0)
        #expect(stage.lines("log.txt").filter { $0 == "second" }.count == 1)
        #expect(try await stage.tree().allSatisfy { $0.contains("nightly") || $0.contains("[done ✓]") })
    }

    @Test func `without trailsd from the beginning to the end, the run does its whole job`() async throws {
        let stage = try await Stage()
        try stage.write(Self.pipeline, to: "long.dot")
        stage.killServer()
        try stage.write("", to: "go")
        try stage.write("", to: "on")
        let said = try await stage.ok("orchestra run long.dot")
        #expect(stage.lines("log.txt") == ["first", "second", "third"])
        #expect(said.components(separatedBy: "orchestra: note: ").count == 3, "\(said)")
    }
}

extension Stage {
    func has(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: self.folder.appending(path: name).path)
    }
}
