import Foundation
import ProgramKit
import Testing
import Vocabulary

/// How a script ended, and what it said.
struct ScriptEnd {
    let code: Int32
    let output: String
    let errors: String
}

/// A root for a daemon, with a program for its agents, in a folder that goes away with it, and so does the daemon.
///
/// The program `echo` answers `turn N: MESSAGE`, N counted over all its life; and it knows some messages:
/// ```
///   wait FILE           answers when there is such a file
///   shell COMMAND       answers with what the command says
///   say NAME TEXT       sends TEXT to the agent NAME first
///   spawn NAME          has a child of that name first, with the same program
/// ```
final class Stage: Sendable {
    let folder: URL

    private let leftovers = Leftovers()

    private static let echo = """
        #!/usr/bin/perl
        use JSON::PP; $| = 1;
        my $count = 0; my $id = 0;
        sub say_line { print encode_json($_[0]), "\\n" }
        sub call { say_line({type => "call", id => "c" . ++$id, tool => $_[0], args => $_[1]}); scalar <STDIN> }
        while (my $line = <STDIN>) {
            my $turn = decode_json($line);
            $count += scalar(@{$turn->{history} // []}) + 1;
            my $text = $turn->{message};
            if ($text =~ /^wait (.+)/) { select(undef, undef, undef, 0.02) until -e $1 }
            if ($text =~ /^say (\\S+) (.+)/) { call("send_message", {recipient => $1, text => $2}) }
            if ($text =~ /^spawn (\\S+)/) { call("spawn_agent", {name => $1, instructions => "echo", model => $0}) }
            my $answer = $text =~ /^shell (.+)/s ? `{ $1; } 2>&1` : "turn $count: $text";
            say_line({type => "done", response => $answer});
        }

        """

    init() throws {
        // A socket's path is short.
        self.folder = URL(filePath: "/tmp/substrat-\(UUID().uuidString.prefix(13))", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try Self.echo.write(toFile: self.path("echo"), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: self.path("echo"))
    }

    deinit {
        self.leftovers.end()
        try? FileManager.default.removeItem(at: self.folder)
    }

    var home: String { String(self.path("").dropLast()) }

    func path(_ name: String) -> String { self.folder.appending(path: name).path(percentEncoded: false) }
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self.path(name)) }
    func read(_ name: String) -> String { (try? String(contentsOfFile: self.path(name), encoding: .utf8)) ?? "" }

    /// The process that has the root, as it says itself.
    var daemon: Int32? { Int32(self.read("root/daemon.pid").trimmingCharacters(in: .whitespacesAndNewlines)) }

    /// Kills the daemon in a turn that has said `half` and would not end, and starts the next one by `start`; until the
    /// agent is idle again.
    func killInTurn(
        of agent: String, _ message: String, then start: String, _ place: SourceLocation = #_sourceLocation
    ) async throws {
        try await self.ok(
            """
            (printf '\(message)\\n' | substrat agent attach \(agent) >heard 2>&1 || true) &
            until grep -q half heard; do :; done
            kill -9 $(cat root/daemon.pid)
            wait
            until substrat daemon status | grep -q stopped; do :; done
            \(start)
            substrat agent wait \(agent)
            """, place)
    }

    /// Runs a script in bash, which `substrat` and `$ECHO` are known to; it ends after two minutes, whatever happens.
    @discardableResult
    func bash(_ script: String) async throws -> ScriptEnd {
        let name = "script-\(UUID())"
        let environment = [
            "HOME": self.home, "LC_ALL": "C.UTF-8", "ECHO": self.path("echo"),
            "SUBSTRAT_ROOT": self.path("root"), "TZ": "UTC",
            "PATH": "\(TestProgram.built):/usr/bin:/bin",
        ]
        let program = try TestProgram(
            bash: script, environment: environment, in: self.home, output: self.path("\(name).output"),
            errors: self.path("\(name).errors"))
        let code = await program.wait()
        self.leftovers.keep(program)
        return ScriptEnd(code: code, output: program.output, errors: program.errors)
    }

    /// The standard output of a script that must succeed.
    @discardableResult
    func ok(_ script: String, _ place: SourceLocation = #_sourceLocation) async throws -> String {
        let end = try await self.bash(script)
        #expect(end.code == 0, "\(script): \(end.output)\(end.errors)", sourceLocation: place)
        return end.output
    }

    /// Starts the daemon, with an agent `boss` that runs `echo`.
    func begin(_ options: String = "") async throws {
        try await self.ok("substrat daemon start \(options) && substrat agent create boss --model $ECHO")
    }

    /// Kills the daemon as a crash does, and waits until it is gone.
    func crash() async throws {
        let pid = try #require(self.daemon)
        kill(pid, SIGKILL)
        try await self.ok("until substrat daemon status | grep -q stopped; do :; done; true")
    }
}
