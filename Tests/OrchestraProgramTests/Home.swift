import Foundation
import ProgramKit
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// How a program ended, and what it said.
struct ProgramEnd {
    let code: Int32
    let output: String
    let errors: String

    /// The session that a run says it is.
    var session: String? { self.output.firstMatch(of: /session ([0-9a-f]{6})/).map { String($0.1) } }
}

/// A home directory with a store and pipelines of its own, in a folder that goes away with it.
///
/// The commands of its pipelines may call some programs beside the usual ones:
/// ```
///   press SIGNAL WORDS     sends the run a signal, and returns when it says the words
///   interrupt              presses Ctrl-C, and returns when the run has heard it; only once in a home
///   crash                  kills the run, and fails; only once in a home
/// ```
final class Home: Sendable {
    let folder: URL
    private let leftovers = Leftovers()

    private static let press = """
        kill -"$1" "$(cat "$HOME/run.pid")"
        for i in $(seq 1000); do
            # A warning about the pipeline may show the words too, where they are looked for.
            grep -q "^orchestra: .*$2" "$HOME/run.errors" && exit 0
            sleep 0.02
        done
        exit 9
        """
    private static let interrupt = """
        test -e "$HOME/interrupted" && exit 0
        touch "$HOME/interrupted"
        exec press INT "will be completed"
        """
    private static let crash = """
        test -e "$HOME/crashed" && exit 0
        touch "$HOME/crashed"
        kill -9 "$(cat "$HOME/run.pid")"
        exit 9
        """

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-home-\(UUID())")
        for path in ["bin", "tmp"] {
            try FileManager.default.createDirectory(
                at: self.folder.appending(path: path), withIntermediateDirectories: true)
        }
        let programs = [("press", Self.press), ("interrupt", Self.interrupt), ("crash", Self.crash)]
        for (name, text) in programs {
            try self.write("bin/\(name)", "#!/bin/bash\n\(text)\n")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: self.path("bin/\(name)"))
        }
    }

    deinit {
        self.leftovers.end()
        try? FileManager.default.removeItem(at: self.folder)
    }

    func path(_ name: String) -> String { self.folder.appending(path: name).path(percentEncoded: false) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: self.path(name), atomically: true, encoding: .utf8)
    }

    /// The text of a file; empty when there is none.
    func read(_ name: String) -> String { (try? String(contentsOfFile: self.path(name), encoding: .utf8)) ?? "" }

    /// What the commands of the pipeline have written into `done.txt`, line by line.
    var done: [String] { self.read("done.txt").split(separator: "\n").map(String.init) }
}

// MARK: - Running

extension Home {
    /// Runs `orchestra`. While it runs, its pid is in `run.pid` and what it says in `run.output` and `run.errors`.
    @discardableResult
    func play(_ arguments: String, _ environment: [String: String] = [:]) async throws -> ProgramEnd {
        try await self.start("echo $$ >\"$HOME/run.pid\"; exec orchestra \(arguments)", as: "run", environment)
    }

    /// Runs a script in bash; `play` may be running.
    @discardableResult
    func bash(_ script: String, _ environment: [String: String] = [:]) async throws -> ProgramEnd {
        try await self.start(script, as: "script-\(UUID())", environment)
    }

    /// The standard output of a script that must succeed.
    @discardableResult
    func ok(_ script: String, _ environment: [String: String] = [:], _ place: SourceLocation = #_sourceLocation)
        async throws -> String
    {
        let end = try await self.bash(script, environment)
        #expect(end.code == 0, "\(script): \(end.output)\(end.errors)", sourceLocation: place)
        return end.output
    }

    /// Ends after two minutes, whatever happens.
    private func start(
        _ script: String, as name: String, _ environment: [String: String]
    ) async throws -> ProgramEnd {
        let environment = [
            "HOME": self.folder.path(percentEncoded: false), "LC_ALL": "C.UTF-8", "TMPDIR": self.path("tmp"),
            "USER": "tester", "PATH": "\(self.path("bin")):\(TestProgram.built):/usr/bin:/bin",
        ].merging(environment) { $1 }
        let program = try TestProgram(
            bash: script, environment: environment, in: self.path(""), output: self.path("\(name).output"),
            errors: self.path("\(name).errors"))
        let code = await program.wait()
        self.leftovers.keep(program)
        return ProgramEnd(code: code, output: program.output, errors: program.errors)
    }

    /// The status of a session as a list shows it.
    func status(_ session: String) async throws -> String {
        try await self.ok("orchestra status \(session)").split(separator: "\n").last
            .flatMap { $0.firstMatch(of: /running|pausing|waiting|paused|interrupted|completed|failed|cancelled/) }
            .map { String($0.0) } ?? ""
    }
}

// MARK: - Pipelines and their record

extension Home {
    /// A node that runs a command.
    static func tool(_ name: String, _ command: String, _ more: String = "") -> String {
        let text = command.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\(name) [shape=parallelogram, tool_command=\"\(text)\"\(more.isEmpty ? "" : ", \(more)")]"
    }

    /// Writes `pipeline.dot`.
    func pipeline(_ lines: String...) throws {
        try self.write("pipeline.dot", "digraph Work {\n\(lines.joined(separator: "\n"))\n}\n")
    }

    /// Writes a pipeline of commands that follow each other, `one`, `two` and so on, as long as they succeed.
    func chain(_ commands: String...) throws {
        let names = ["one", "two", "three", "four", "five"].prefix(commands.count)
        let nodes = zip(names, commands).map { Self.tool($0, $1) }
        let way = "start -> one \(names.joined(separator: " -> ")) -> end [condition=\"outcome=success\"]"
        try self.pipeline((nodes + [way]).joined(separator: "\n"))
    }

    /// Writes a pipeline that goes round and round until somebody stops it.
    func spin() throws {
        try self.pipeline(
            Self.tool("spin", "sleep 0.05"), "start -> spin -> spin", "spin -> end [condition=\"context.enough\"]")
    }

    func store() throws -> any TurnStore { try SQLiteTurnStore.open(self.path(".orchestra/store.sqlite")) }

    /// What the store has about a session.
    func row(of session: String) async throws -> SessionRow {
        try #require(try await self.store().sessions(withPrefix: session, limit: 2).first)
    }

    /// The whole history of a session, oldest first, byte by byte.
    func turns(of session: String) async throws -> [Turn] {
        let store = try self.store()
        let row = try await self.row(of: session)
        var turns: [Turn] = []
        var query = TurnQuery(context: row.context.id)
        while true {
            let page = try await store.turns(query)
            turns += page.turns
            guard let next = page.next else { return turns.reversed() }
            query.before = next
        }
    }

    /// The checkpoints of a session as `status --detail` lists them, oldest first: the turn, and the node after which.
    func checkpoints(of session: String) async throws -> [(turn: String, node: String)] {
        try await self.ok("orchestra status \(session) --detail").components(separatedBy: "Checkpoint ").last?
            .matches(of: /(?m)^(\d+) +(\S+)/).map { (String($0.1), String($0.2)) } ?? []
    }
}
