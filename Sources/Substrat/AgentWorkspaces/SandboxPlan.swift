/// What a program in a workspace finds around it, as words for bubblewrap (`bwrap`; Substrat spec, 1.18).
///
///     /usr /bin /lib /etc …     as on the host, to read
///     /proc /dev                those of the sandbox alone
///     /tmp /run                 empty, gone with the program
///     what it needs to run      its own program, that of its tools, the socket of the daemon
///     the root of the workspace to read and write, and the links in it
///
/// Nothing else is there: neither the home nor the logs of the daemon. Without network the only way out is the socket.
package struct SandboxPlan: Hashable, Sendable {
    /// A file or folder of the host.
    package struct Bind: Hashable, Sendable {
        package let source: String
        package let target: String
        package let mode: LinkMode
        /// Left out where it is not there.
        package let isOptional: Bool

        package init(_ source: String, at target: String? = nil, _ mode: LinkMode = .readOnly, isOptional: Bool = false)
        {
            self.source = source
            self.target = target ?? source
            self.mode = mode
            self.isOptional = isOptional
        }

        var words: [String] {
            let kind = self.mode == .readOnly ? "--ro-bind" : "--bind"
            return [kind + (self.isOptional ? "-try" : ""), self.source, self.target]
        }
    }

    package let root: String
    package let links: [WorkspaceLink]
    package let hasNetwork: Bool
    /// What the program needs beside the system and its workspace; in this order, before the workspace.
    package var needs: [Bind] = []
    /// What lies over folders of the workspace, after its links.
    package var covers: [Bind] = []

    package init(root: String, links: [WorkspaceLink], hasNetwork: Bool) {
        self.root = root
        self.links = links
        self.hasNetwork = hasNetwork
    }

    /// The folders of the system that each sandbox shows, to read.
    package static let systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"]

    /// Nobody needs them, and where the daemon is root they could be read.
    package static let secretPaths = [
        "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/ssl/private",
    ]

    /// The beginning of each call: no rights, no other processes, nothing to come after the daemon.
    package static func beginning(hasNetwork: Bool) -> [String] {
        ["--die-with-parent", "--unshare-user-try", "--unshare-pid", "--unshare-uts", "--unshare-ipc"]
            + ["--unshare-cgroup-try"] + (hasNetwork ? [] : ["--unshare-net"]) + ["--cap-drop", "ALL"]
            + self.systemFolders.flatMap { ["--ro-bind-try", $0, $0] }
            + ["--tmpfs", "/run", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"]
    }

    /// All words after `bwrap`.
    ///
    /// - Parameters:
    ///   - covered: Which of the secrets are there, of `secretPaths`.
    ///   - resolver: Where names of hosts are looked up, where that is not in `/etc` itself.
    package func words(
        for command: [String], in directory: String, covered: [Secret] = [], resolver: String? = nil
    ) -> [String] {
        var words = Self.beginning(hasNetwork: self.hasNetwork) + covered.flatMap(\.words)
        if self.hasNetwork, let resolver { words += Bind(resolver, isOptional: true).words }
        words += self.needs.flatMap(\.words) + Bind(self.root, .readWrite).words
        for link in self.links.sorted(by: { ($0.depth, $0.mountPath) < ($1.depth, $1.mountPath) }) {
            words += Bind(link.hostPath, at: MountPath.below(self.root, link.mountPath), link.mode).words
        }
        return words + self.covers.flatMap(\.words) + ["--chdir", directory, "--"] + command
    }

    /// Something of the system that is hidden.
    package struct Secret: Hashable, Sendable {
        package let path: String
        package let isFolder: Bool

        package init(_ path: String, isFolder: Bool) {
            self.path = path
            self.isFolder = isFolder
        }

        var words: [String] {
            self.isFolder ? ["--tmpfs", self.path] : ["--ro-bind", "/dev/null", self.path]
        }
    }
}
