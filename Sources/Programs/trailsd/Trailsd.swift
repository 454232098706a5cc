import ArgumentParser
import Glibc
import TrailsServer
import TrailsStore

/// The server of the tree. Without a subcommand it serves, in the foreground.
@main
struct Trailsd: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "trailsd",
        abstract: "Keeps a tree of processes that outlives every one of them.",
        discussion: """
            Started without arguments it serves on 127.0.0.1:8443 and keeps its data in ~/.local/share/cairn.
            SIGTERM stops it gracefully; SIGHUP reads the certificate files again.
            """,
        version: version,
        subcommands: [Serve.self, Check.self, Backup.self],
        defaultSubcommand: Serve.self)
}

/// Prints why it did not work, as all programs of this house do, and ends with what a supervisor can act on.
func fail(_ error: ServerError) -> ExitCode {
    Output.complain("trailsd: error: \(error.message)")
    if let hint = error.hint { Output.complain("trailsd: hint: \(hint)") }
    return ExitCode(error.exitCode)
}

/// What a person or a supervisor reads, a line at a time and at once.
enum Output {
    static func say(_ line: String) { self.write(line, to: STDOUT_FILENO) }
    static func complain(_ line: String) { self.write(line, to: STDERR_FILENO) }

    private static func write(_ line: String, to descriptor: Int32) {
        var bytes = ArraySlice(Array((line + "\n").utf8))
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // Nobody reads: nothing to be done about it.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

extension ServerError {
    /// From sysexits.h: 78 configuration (starting again does not help), 75 in use, 69 no port, 74 data.
    var exitCode: Int32 {
        switch self.code {
        case .configuration: 78
        case .inUse: 75
        case .port: 69
        default: 74
        }
    }
}
