import Foundation
import Testing

/// Commands as nobody would write them, in the real program.
@Suite(.timeLimit(.minutes(15))) struct `A rough command` {
    private let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-rough-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    /// What the program says about a pipeline with this tool, and the code it ends with.
    private func run(_ tool: String, _ attributes: String = "", then script: String = "") throws -> String {
        let quoted = tool.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        try Data(
            "digraph P { start -> work -> end; work [shape=parallelogram\(attributes), tool_command=\"\(quoted)\"] }"
                .utf8
        ).write(to: self.folder.appending(path: "p.dot"))
        return try Play.play(
            "orchestra run p.dot --store s.sqlite --runs runs 2>&1; echo \"code $?\"\n\(script)", in: self.folder)
    }

    @Test func `that does not exist is named`() throws {
        let said = try self.run("no-such-tool --now")
        #expect(said.contains("the command of node work failed: exit code 127") && said.contains("no-such-tool"))
        #expect(said.hasSuffix("code 0\n"), "the only edge goes on: \(said)")
    }

    @Test func `of any length is run`() throws {
        let said = try self.run("printf '\(String(repeating: "x", count: 300_000))' | wc -c >size", then: "cat size")
        #expect(said.hasSuffix("code 0\n300000\n"), "\(said.suffix(300))")
    }

    @Test func `may print what is no text`() throws {
        let said = try self.run(#"printf 'a\377b\000c\n'"#)
        #expect(said.hasSuffix("code 0\n"), "\(said)")
    }

    @Test func `may print a hundred megabytes, which go into a file and not into memory`() throws {
        let said = try self.run(
            "head -c 100000000 /dev/zero; cat /proc/$(cut -d ' ' -f 4 /proc/$PPID/stat)/status >status",
            then: "stat -c %s runs/*/work/1.1/output.txt; grep VmHWM status")
        let peak = said.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) }
        #expect(said.contains("code 0\n100000000\n"), "\(said)")
        #expect(try #require(peak) < 200_000, "kilobytes")
    }

    @Test func `that is deaf to SIGTERM and has forked away is killed with all it started`() throws {
        let said = try self.run(
            """
            trap '' TERM
            (setsid sh -c 'echo $$ >daemon; while :; do sleep 0.1; done' &) &
            until test -s daemon; do sleep 0.05; done; sleep 600
            """, ", timeout=1s", then: "kill -0 $(cat daemon) 2>/dev/null || echo gone")
        #expect(said.contains("the command of node work failed: it timed out after 1s"), "\(said)")
        #expect(said.hasSuffix("code 0\ngone\n"), "\(said)")
    }
}
