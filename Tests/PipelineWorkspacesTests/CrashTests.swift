import Foundation
import ProgramKit
import Testing

@testable import PipelineWorkspaces

/// The real program, killed with SIGKILL at a chosen moment of a chosen command of git, and resumed.
@Suite(.timeLimit(.minutes(10))) struct CrashTests {
    /// A git that kills whoever started it, once, as `$MARK` says: `COMMAND WORD:MOMENT`.
    private static let deadlyGit = """
        #!/bin/bash
        words=("$@")
        while [ "$1" = -c ]; do shift 2; done
        if [ -e "$MARK" ] && [ "$1 $2" = "$(cut -d: -f1 "$MARK")" ]; then
            exec 9>"$MARK.lock"; flock 9
            moment=$(cut -d: -f2 "$MARK"); rm "$MARK"
            case $moment in
            after) /usr/bin/git "${words[@]}" ;;
            middle) /usr/bin/git "${words[@]}" --no-commit ;;
            lock) touch "$(/usr/bin/git rev-parse --git-path index.lock)" ;;
            begun) notes=$(/usr/bin/git rev-parse --git-common-dir)/worktrees/$(basename "${words[-2]}")
                mkdir -p "$notes"; echo initializing >"$notes/locked" ;;
            half) /usr/bin/git "${words[@]}"
                notes=$(/usr/bin/git rev-parse --git-common-dir)/worktrees/$(basename "${words[-2]}")
                echo initializing >"$notes/locked"; printf '%040d\n' 0 >"$notes/HEAD"; rm "$notes/index" ;;
            esac
            kill -9 $(awk '{ print $4 }' /proc/$PPID/stat)  # the runner, above its guard
            exit 1
        fi
        exec /usr/bin/git "${words[@]}"
        """

    private static let pipeline = """
        digraph Flow {
            start -> a -> split
            split [shape=component]
            split -> x -> join
            split -> y -> join
            join [shape=tripleoctagon]
            join -> b -> end
            node [shape=parallelogram]
            a [tool_command="echo a >>a.txt"]
            x [tool_command="echo x >>x.txt"]
            y [tool_command="echo y >>y.txt"]
            b [tool_command="cat a.txt x.txt y.txt >b.txt"]
        }
        """

    private func prepare(_ repository: Repository) throws -> String {
        let folder = URL(filePath: repository.path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder.appending(path: "bin"), withIntermediateDirectories: true)
        try Self.deadlyGit.write(to: folder.appending(path: "bin/git"), atomically: true, encoding: .utf8)
        try Self.pipeline.write(to: folder.appending(path: "flow.dot"), atomically: true, encoding: .utf8)
        return """
            cd ..; chmod +x bin/git
            export HOME=$PWD MARK=$PWD/mark PATH=$PWD/bin:\(TestProgram.built):$PATH
            id() { orchestra status | awk 'NR == 2 { print $1 }'; }

            """
    }

    @Test(arguments: [
        "none", "checkout --quiet:before", "checkout --quiet:after", "add --all:after", "commit --quiet:before",
        "commit --quiet:lock", "commit --quiet:after", "worktree add:before", "worktree add:begun",
        "worktree add:half", "worktree add:after",
        "merge --quiet:before", "merge --quiet:middle", "merge --quiet:lock", "merge --quiet:after",
        "worktree remove:after", "branch --quiet:after",
    ])
    func `a run that is killed in git goes on, and each piece of work is there once`(mark: String) throws {
        let repository = try Repository()
        let isKilled = mark != "none"
        let said = try repository.sh(
            try self.prepare(repository) + """
                \(isKilled ? "echo '\(mark)' >$MARK" : "true")
                orchestra run flow.dot --workspace repo >out 2>&1 || echo killed $?
                if [ -e $MARK.lock ]; then flock $MARK.lock orchestra resume $(id) >out 2>&1 || cat out; fi
                cd repo
                git branch --show-current; git status --porcelain
                git log --format=%s --no-merges \(WorkTree.prefix)Flow/$(id) | sort
                git show \(WorkTree.prefix)Flow/$(id):b.txt
                """)
        let killed = isKilled ? "killed 137\n" : ""
        #expect(
            said.hasSuffix(
                killed + """
                    main
                    a: echo a >>a.txt
                    b: cat a.txt x.txt y.txt >b.txt
                    first
                    x: echo x >>x.txt
                    y: echo y >>y.txt
                    one
                    a
                    x
                    y
                    """), "\(mark): \(said)")
    }

    @Test func `says no before anything is run, at the start and at a resume`() throws {
        let repository = try Repository()
        let said = try repository.sh(
            try self.prepare(repository) + """
                echo mine >repo/a.txt
                orchestra run flow.dot --workspace repo 2>&1 || echo refused $?
                ls .orchestra 2>/dev/null || echo nothing was begun
                orchestra run flow.dot workspace.repo.path=/etc 2>&1 || echo refused $?
                git -C repo checkout -q .
                echo 'commit --quiet:before' >$MARK
                orchestra run flow.dot --workspace repo >/dev/null 2>&1 || true
                flock $MARK.lock git -C repo checkout -qf main; echo mine >repo/a.txt
                orchestra resume $(id) 2>&1 || echo refused $?
                cat repo/a.txt
                """)
        #expect(
            said.contains("a.txt\norchestra: hint: commit or stash them first\nrefused 1\nnothing was begun"), "\(said)"
        )
        #expect(said.contains("is what --workspace is for"))
        #expect(said.hasSuffix("hint: commit or stash them first\nrefused 1\nmine"), "\(said)")
    }

    @Test func `cleans up after sessions that have ended, and after no others`() throws {
        let repository = try Repository()
        let said = try repository.sh(
            try self.prepare(repository) + """
                orchestra run flow.dot --workspace repo >/dev/null 2>&1
                ended=$(id)
                echo 'commit --quiet:before' >$MARK
                (orchestra run flow.dot --workspace repo >/dev/null || true) 2>/dev/null
                flock $MARK.lock true
                git -C repo branch orchestra/Flow/ffffff
                cd repo
                names() { sed "s/$ended/ENDED/g; s/$(id)/KILLED/g; s/ ([0-9a-f]*)//" | sort; }
                orchestra cleanup | names
                echo --; orchestra cleanup --older-than 0 --dry-run | names | grep ENDED
                echo --; orchestra cleanup --older-than 0 | names | grep ENDED
                git branch --list 'orchestra/*' | wc -l
                """)
        #expect(
            said == """
                kept orchestra/Flow/ENDED: it ended less than 7 days ago
                kept orchestra/Flow/KILLED: session KILLED is interrupted
                kept orchestra/Flow/ffffff: the store knows no session ffffff
                --
                would remove orchestra/Flow/ENDED
                --
                removed orchestra/Flow/ENDED
                2
                """)
    }
}
