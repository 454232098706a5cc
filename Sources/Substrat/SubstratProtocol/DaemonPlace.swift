/// Where a daemon keeps what is its own.
///
///     ROOT/daemon.lock       held (flock) as long as it lives, and never removed
///     ROOT/daemon.pid        its process, for people and scripts; only the lock counts
///     ROOT/daemon.sock       where it listens
///     ROOT/tools.sock        the same for programs in a sandbox, who can call tools there and nothing else
///     ROOT/daemon.log        what it says when it has no terminal
///     ROOT/clean_shutdown    it ended in peace; gone while it runs
package struct DaemonPlace: Hashable, Sendable {
    package let root: String

    package init(_ root: String) {
        self.root = root
    }

    /// `asked`, else what SUBSTRAT_ROOT says, else `.substrat` in the home directory.
    package init(asked: String?, environment: (String) -> String?) {
        self.init(asked ?? environment("SUBSTRAT_ROOT") ?? "\(environment("HOME") ?? ".")/.substrat")
    }

    package var lock: String { "\(self.root)/daemon.lock" }
    package var pid: String { "\(self.root)/daemon.pid" }
    package var socket: String { "\(self.root)/daemon.sock" }
    package var toolSocket: String { "\(self.root)/tools.sock" }
    package var log: String { "\(self.root)/daemon.log" }
    package var cleanShutdown: String { "\(self.root)/clean_shutdown" }

    /// How many bytes the system takes for the path of a socket (unix(7)); one of 108 is the end mark.
    package static let socketPathMax = 107

    /// Whether the system takes the path of the socket.
    package var hasUsableSocketPath: Bool { self.socket.utf8.count <= Self.socketPathMax }
}
