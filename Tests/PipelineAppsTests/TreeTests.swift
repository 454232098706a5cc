import Foundation
import ProgramKit
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A run in the tree` {
    static let copy = """
        digraph Copy {
            start [shape=Mdiamond]
            work  [shape=parallelogram, tool_command="env >env.txt"]
            end   [shape=Msquare]
            start -> work -> end
        }
        """

    @Test func `shows the pipeline, its nodes and what they start`() async throws {
        let stage = try await Stage()
        try stage.write(
            """
            digraph Release {
                start [shape=Mdiamond]
                lint  [shape=parallelogram, tool_command="echo linted; \
                trails child-info --name helper >/dev/null; env >env.txt"]
                split [shape=component]
                join  [shape=tripleoctagon]
                unit  [shape=parallelogram, timeout=90s, tool_command="for i in $(seq 300); do \
                test -e go && break; trails status '{\\"progress\\": 0.5}'; sleep 0.1; done"]
                docs  [shape=parallelogram, tool_command="echo written"]
                ask   [shape=hexagon, label="Ship it?"]
                end   [shape=Msquare]
                start -> lint -> split
                split -> unit -> join
                split -> docs -> join
                join -> ask
                ask -> end [label="[Y] Yes"]
                ask -> end [label="[N] No"]
            }
            """, to: "release.dot")
        let run = try stage.start("orchestra run release.dot --auto-approve >run.out 2>&1")
        defer { run.kill() }
        try await stage.until("docs is done while unit works") {
            let apps = try await stage.apps()
            return apps["docs"]?["status"]?.string == "done" && apps["unit"]?["progress"] == 0.5
        }
        let tree = try await stage.tree()
        #expect(
            tree.prefix(4) == [
                "nightly [running]", "└── Release [running]", "    ├── lint [done ✓]",
                "    │   └── helper [scheduled ⏳]",
            ])
        #expect(tree.contains { $0.hasSuffix("split [running]") })
        #expect(tree.contains { $0.hasSuffix("unit [running ▶ 50%]") })
        try stage.write("", to: "go")
        _ = await run.wait()

        let apps = try await stage.apps()
        for name in ["Release", "lint", "split", "unit", "docs", "join", "ask"] {
            #expect(apps[name]?["status"]?.string == "done", "\(name)")
        }
        #expect(apps["docs"]?["result"]?["output"]?.string == "written")
        #expect(apps["Release"]?["tags"]?["session"]?.string != nil)
        #expect(apps["start"] == nil && apps["end"] == nil)
        let environment = stage.lines("env.txt")
        #expect(environment.contains { $0.hasPrefix("TRAILS_INFO=ey") })
        #expect(!stage.lines("run.out").contains { $0.contains("orchestra: note: ") })
    }

    @Test func `is the app of TRAILS_INFO, or its child where another speaks for that`() async throws {
        let stage = try await Stage()
        try stage.write(Self.copy, to: "copy.dot")
        try await stage.ok(
            """
            trails child-info --name given >given.info
            TRAILS_INFO=$(cat given.info) TRAILS_PRIVATE_KEY=secret orchestra run copy.dot
            trails exec --name held -- orchestra run copy.dot
            eval $(trails run --name evaluated); orchestra run copy.dot
            """)
        let tree = try await stage.tree()
        #expect(
            tree == [
                "nightly [running]", "├── given [done ✓]", "│   └── work [done ✓]", "├── held [done ✓]",
                "│   └── Copy [done ✓]", "│       └── work [done ✓]", "└── evaluated [running]",
                "    └── Copy [done ✓]",
                "        └── work [done ✓]",
            ], "\(tree)")
        #expect(stage.lines("env.txt").contains("TRAILS_PRIVATE_KEY="))
    }

    @Test func `tells of attempts that fail, and of the end`() async throws {
        let stage = try await Stage()
        try stage.write(
            """
            digraph Broken {
                start [shape=Mdiamond]
                flaky [shape=parallelogram, tool_command="echo no >&2; exit 3", max_retries=1, backoff_policy=none]
                end   [shape=Msquare]
                start -> flaky -> end [condition="outcome=success"]
            }
            """, to: "broken.dot")
        #expect(try await stage.play("orchestra run broken.dot").code == 1)
        let apps = try await stage.apps()
        #expect(apps["flaky"]?["status"]?.string == "error")
        #expect(apps["flaky"]?["message"]?.string?.contains("exit code 3: no") == true)
        #expect(apps["flaky"]?["incarnation"] == 1)
        let said = try await stage.ok("trails log --uuid \(apps["flaky"]?["appId"]?.string ?? "")")
        #expect(said.contains("attempt 1 of 2 failed"))
        #expect(apps["Broken"]?["status"]?.string == "error")
    }

    @Test func `is not there without a root, or with --no-trails`() async throws {
        let stage = try await Stage()
        try stage.write(Self.copy, to: "copy.dot")
        let alone = try await stage.ok("orchestra run copy.dot", ["TRAILS_APP": "", "TRAILS_SERVER": ""])
        #expect(!stage.lines("env.txt").contains { $0.hasPrefix("TRAILS_INFO") })
        let unwilling = try await stage.ok("orchestra run copy.dot --no-trails")
        #expect(!stage.lines("env.txt").contains { $0.hasPrefix("TRAILS_INFO") })
        #expect(!alone.contains("TRAILS") && !unwilling.contains("TRAILS"))
        #expect(try await stage.tree() == ["nightly [running]"])
        #expect(try await stage.ok("find .orchestra -name trails.info") == "")
    }
}
