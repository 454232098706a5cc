import Foundation
import Testing

/// The store of a run goes away in the middle, before the run's second node: the real program, the real file.
@Suite(.timeLimit(.minutes(15))) struct `A run whose store is lost` {
    private let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-trouble-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try Self.pipeline.write(to: self.folder.appending(path: "p.dot"), atomically: true, encoding: .utf8)
    }

    private static let pipeline = """
        digraph P {
            start -> first -> second -> end
            first [shape=parallelogram, tool_command="touch first; until test -e go; do sleep 0.05; done"]
            second [shape=parallelogram, tool_command="echo second >>second"]
        }
        """

    /// `begin FILE` returns in the middle of the first node, `finish` after the end of the program.
    private static let words = """
        begin() {
            orchestra run p.dot --store $1 --runs runs --store-patience 1 >out.txt 2>err.txt & runner=$!
            until test -e first; do sleep 0.05; done
        }
        finish() { touch go; wait $runner; echo "code $?"; test -e second && echo 'second ran'; cat err.txt; }
        resume() {
            id=$(orchestra status --store $1 | grep -o '^[0-9a-f]\\{6\\}')
            orchestra resume $id --store $1 --runs runs >out.txt 2>&1; echo "resume $?"; cat second
        }

        """

    private func play(_ script: String) throws -> String { try Play.play(Self.words + script, in: self.folder) }

    /// What is said for a run that stopped before its second node.
    private func expectStop(_ said: String, _ message: String, then rest: String = "") {
        let lines = said.split(separator: "\n").filter { !$0.hasPrefix("orchestra: note:") }.map(String.init)
        #expect(lines.first == "code 75", "\(said)")
        let error = lines.first { $0.hasPrefix("orchestra: error: the store was lost: ") }
        #expect(error?.contains(message) == true, "\(said)")
        #expect(lines.contains { $0.contains("run \"orchestra resume ") }, "\(said)")
        #expect(said.hasSuffix(rest) && !said.contains("second ran"), "\(said)")
    }

    @Test func `stops when the file was removed`() throws {
        try self.expectStop(self.play("begin s.sqlite; rm s.sqlite*; finish"), "was removed or replaced")
    }

    @Test func `stops when another process holds it for too long, and goes on later`() throws {
        let said = try self.play(
            """
            begin s.sqlite
            mkfifo quit
            python3 -c 'import sqlite3
            other = sqlite3.connect("s.sqlite", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            open("held", "w").close()
            open("quit").read()' &
            until test -e held; do sleep 0.05; done
            finish; echo >quit; wait; resume s.sqlite
            """)
        self.expectStop(said, "in use by another process", then: "resume 0\nsecond\n")
    }

    @Test func `stops when its file may not grow, and goes on when it may`() throws {
        let said = try self.play("begin s.sqlite; prlimit --pid $runner --fsize=4096; finish; resume s.sqlite")
        self.expectStop(said, "writing", then: "resume 0\nsecond\n")
    }

    /// A small disk of one's own takes the rights of root.
    private static let mayMount = (try? Play.play("unshare -m mount -t tmpfs none /tmp && echo yes")) == "yes\n"

    @Test(.enabled(if: Self.mayMount, "no small disk can be mounted here"))
    func `stops when the disk is full, and goes on when it is not`() throws {
        let said = try self.play(
            """
            mkdir disk
            unshare -m bash -c "$(declare -f begin finish resume)"'
                mount -t tmpfs -o size=1m none disk
                begin disk/s.sqlite
                dd if=/dev/zero of=disk/fill bs=4k 2>/dev/null
                finish; rm disk/fill; resume disk/s.sqlite'
            """)
        self.expectStop(said, "no space is left", then: "resume 0\nsecond\n")
    }

    @Test func `is not begun with a file that is damaged, newer, or something else`() throws {
        let said = try self.play(
            """
            orchestra status --store s.sqlite >/dev/null
            python3 -c 'import sqlite3; sqlite3.connect("s.sqlite").execute("PRAGMA wal_checkpoint(TRUNCATE)")'
            rm -f s.sqlite-*
            try() { orchestra run p.dot --store $1 --runs runs; echo "code $?"; test -e first && echo ran; }
            cp s.sqlite newer
            printf '\\000\\000\\000\\011' | dd of=newer bs=1 seek=60 conv=notrunc 2>/dev/null; try newer
            cp s.sqlite noise; head -c 8000 /dev/urandom | dd of=noise bs=1 seek=0 conv=notrunc 2>/dev/null; try noise
            cp s.sqlite torn; head -c 8000 /dev/urandom | dd of=torn bs=1 seek=100 conv=notrunc 2>/dev/null; try torn
            try /proc/none/s.sqlite
            """)
        let shown = said.replacing(self.folder.path, with: "").replacing("/private", with: "")
        let errors = shown.split(separator: "\n").filter { $0.hasPrefix("orchestra: error: ") }
        #expect(errors.count == 4, "\(said)")
        #expect(errors.first?.contains("schema 9 is newer than this program knows") == true, "\(said)")
        #expect(shown.split(separator: "\n").filter { $0.hasPrefix("orchestra: hint: ") }.count == 4, "\(said)")
        #expect(shown.split(separator: "\n").filter { $0 == "code 1" }.count == 4, "\(said)")
        #expect(!said.contains("ran\n"))
    }

    @Test func `tells the doctor what its turns are`() throws {
        let said = try self.play("begin s.sqlite; finish >/dev/null; orchestra doctor --store s.sqlite")
        #expect(said.contains("\nType bundles: dev.cairn.orchestra.v1\n"), "\(said)")
    }

    @Test func `goes on with the agent it began with, and says so`() throws {
        try Data(
            """
            digraph A { start -> first -> ask -> end; ask [prompt="x"]
                first [shape=parallelogram, tool_command="touch first; until test -e go; do sleep 0.05; done"] }
            """.utf8
        ).write(to: self.folder.appending(path: "p.dot"))
        let said = try self.play(
            """
            orchestra run p.dot --store s.sqlite --runs runs --agent 'cat >asked; echo mine' >out.txt 2>&1 & runner=$!
            until test -e first; do sleep 0.05; done
            kill -INT $runner; touch go; wait $runner
            id=$(orchestra status --store s.sqlite | grep -o '^[0-9a-f]\\{6\\}')
            orchestra resume $id --store s.sqlite --runs runs 2>&1 | grep -e agent -e simulated; cat asked
            """)
        #expect(said.hasPrefix("orchestra: note: the agent is that of the session: cat >asked; echo mine\n"), "\(said)")
        #expect(said.hasSuffix("x"), "\(said)")
    }
}
