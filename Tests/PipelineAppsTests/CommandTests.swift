import Foundation
import ProgramKit
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `An ancestor of a run` {
    static let pipeline = """
        digraph Long {
            start [shape=Mdiamond]
            first [shape=parallelogram, timeout=90s, tool_command="trap 'echo stopped >>log.txt; exit 0' TERM; \
        touch here; for i in $(seq 600); do test -e go && break; sleep 0.05; done; echo first >>log.txt"]
            second [shape=parallelogram, tool_command="echo second >>log.txt"]
            rescue [shape=parallelogram, tool_command="echo rescue >>log.txt"]
            end   [shape=Msquare]
            start -> first
            first -> second [condition="outcome=success"]
            first -> rescue [condition="outcome=fail"]
            second -> end
            rescue -> end
        }
        """

    /// A stage on which `first` is at work.
    static func started() async throws -> (Stage, TestProgram) {
        let stage = try await Stage()
        try stage.write(self.pipeline, to: "long.dot")
        let run = try stage.start("orchestra run long.dot >run.out 2>&1; echo $? >code.txt")
        try await stage.until("first is at work") {
            guard stage.has("here") else { return false }
            return try await stage.status(of: "first") == "running"
        }
        return (stage, run)
    }

    static func id(of name: String, _ stage: Stage) async throws -> String {
        try #require(try await stage.apps()[name]?["appId"]?.string)
    }

    @Test(arguments: ["--cascade", ""]) func `cancels it gracefully`(cascade: String) async throws {
        let (stage, run) = try await Self.started()
        defer { run.kill() }
        let id = try await Self.id(of: "Long", stage)
        try await stage.ok("trails cancel --uuid \(id) \(cascade) --reason 'too late' --grace 6s --yes")
        _ = await run.wait()
        #expect(stage.lines("code.txt") == ["1"])
        #expect(stage.lines("log.txt") == ["stopped"])
        #expect(try await stage.tree().dropFirst() == ["└── Long [cancelled ⊘]", "    └── first [cancelled ⊘]"])
        #expect(try await stage.ok("orchestra status").contains("cancelled"))
        #expect(stage.lines("run.out").contains { $0.contains("[Pipeline] cancelled") && $0.contains("too late") })
    }

    @Test func `cancels one node, and the pipeline goes its way for failures`() async throws {
        let (stage, run) = try await Self.started()
        defer { run.kill() }
        let id = try await Self.id(of: "first", stage)
        try await stage.ok("trails cancel --uuid \(id) --grace 6s --yes")
        _ = await run.wait()
        #expect(stage.lines("code.txt") == ["0"])
        #expect(stage.lines("log.txt") == ["stopped", "rescue"])
        #expect(
            try await stage.tree().dropFirst() == [
                "└── Long [done ✓]", "    ├── first [cancelled ⊘]", "    └── rescue [done ✓]",
            ])
    }

    @Test func `pauses it, and is told how to go on`() async throws {
        let (stage, run) = try await Self.started()
        defer { run.kill() }
        let id = try await Self.id(of: "Long", stage)
        let answer = try await stage.ok("trails send \(id) pause --wait 10s --json")
        let command = try #require(answer.firstMatch(of: /"resume_info": *"(orchestra resume [0-9a-f]{6})"/)?.1)
        try stage.write("", to: "go")
        _ = await run.wait()
        #expect(stage.lines("code.txt") == ["0"])
        let app = try #require(try await stage.apps()["Long"])
        #expect(app["status"]?.string == "running" && app["presence"]?.string == "detached")
        #expect(app["note"]?.string == "paused before second; go on with: \(command)")

        // Whoever goes on needs no root: the run knows who it is.
        try await stage.ok(String(command), ["TRAILS_APP": "", "TRAILS_SERVER": ""])
        #expect(stage.lines("log.txt") == ["first", "second"])
        let apps = try await stage.apps()
        #expect(apps["Long"]?["status"]?.string == "done" && apps["Long"]?["appId"]?.string == id)
        #expect(apps.count == 4)
    }
}
