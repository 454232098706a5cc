import Foundation
import Testing

/// The real program is killed with SIGKILL while a command works.
@Suite(.serialized, .timeLimit(.minutes(15))) struct `A command whose runner was killed` {
    private let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-death-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try Self.pipeline.write(to: self.folder.appending(path: "p.dot"), atomically: true, encoding: .utf8)
        try Self.work.write(to: self.folder.appending(path: "work"), atomically: true, encoding: .utf8)
    }

    private static let pipeline =
        #"digraph P { start -> work -> end; work [shape=parallelogram, timeout=5m, tool_command="sh work"] }"#

    /// The first attempt never ends, is deaf to SIGTERM, and has a child and a daemon that tick. Whoever begins while
    /// one of them is there says so.
    private static let work = """
        exec 9>alive; flock -n 9 || echo overlap >>overlap
        test -e again && exit
        trap '' TERM
        sh -c 'echo $$ >child; while :; do echo tick >>ticks; sleep 0.05; done' &
        setsid sh -c 'echo $$ >daemon; while :; do echo tick >>ticks; sleep 0.05; done' &
        wait
        """

    private static let begin = """
        trap 'kill -9 $(cat child daemon) 2>/dev/null' EXIT
        orchestra run p.dot --store s.sqlite --runs runs >run.txt 2>&1 & runner=$!; disown
        until test -s daemon -a -s child; do sleep 0.05; done
        id=$(orchestra status --store s.sqlite | grep -o '^[0-9a-f]\\{6\\}')
        runs() { grep -q '^State:.[^ZX]' /proc/$1/status 2>/dev/null; }
        gone() { for pid in $(cat child daemon); do ! runs $pid || return 1; done; }

        """

    private func play(_ script: String) throws -> String { try Play.play(Self.begin + script, in: self.folder) }

    @Test func `is ended with all it started`() throws {
        let said = try self.play(
            """
            kill -9 $runner
            until gone; do sleep 0.05; done
            before=$(wc -l <ticks); sleep 0.3; test $before = $(wc -l <ticks) && echo still
            """)
        #expect(said == "still\n")
    }

    @Test func `is waited for by a resume`() throws {
        let said = try self.play(
            """
            kill -9 $runner; touch again
            orchestra resume $id --store s.sqlite --runs runs >resume.txt 2>&1 || cat resume.txt
            cat overlap 2>/dev/null; gone && echo gone
            """)
        #expect(said == "gone\n")
    }

    @Test func `is ended by a resume when its guard was killed as well`() throws {
        let said = try self.play(
            """
            for stat in /proc/[0-9]*/stat; do
                { read -r pid name state parent rest <$stat; } 2>/dev/null || continue
                if test "$parent" = $runner; then test "$name" = '(process-guard)' && guard=$pid; fi
            done
            kill -9 $guard $runner; touch again
            orchestra resume $id --store s.sqlite --runs runs >resume.txt 2>&1 || cat resume.txt
            cat overlap 2>/dev/null; gone && echo gone
            """)
        #expect(said == "gone\n")
    }
}
