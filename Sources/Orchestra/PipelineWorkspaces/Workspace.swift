import PipelineCore
package import Vocabulary

/// A repository that a pipeline works in.
///
/// A run keeps it in its context, so that checkpoints, branches, forks and restarts have it without further ado:
/// ```
///   workspace.NAME.path     where it is
///   workspace.NAME.origin   the branch that was checked out, and will be again
///   workspace.NAME.commit   where the session's branch stands: what a restart goes back to
/// ```
package struct Workspace: Sendable, Hashable {
    /// Of its directory.
    package let name: String
    /// Absolute, without symbolic links.
    package let path: String
    package let origin: String
    package let commit: String
}

extension Workspace {
    /// Keys that nobody but this room writes.
    package static let prefix = PipelineContext.workspacePrefix

    package var variables: JSONObject {
        [
            self.key("path"): .string(self.path), self.key("origin"): .string(self.origin),
            self.key("commit"): .string(self.commit),
        ]
    }

    func key(_ word: String) -> String { "\(Self.prefix)\(self.name).\(word)" }

    /// Those in `context`, in its order.
    package static func all(in context: JSONObject) -> [Self] {
        context.compactMap { key, value in
            guard key.hasPrefix(Self.prefix), key.hasSuffix(".path"), let path = value.string else { return nil }
            let name = String(key.dropFirst(Self.prefix.count).dropLast(".path".count))
            guard let origin = context["\(Self.prefix)\(name).origin"]?.string,
                let commit = context["\(Self.prefix)\(name).commit"]?.string
            else { return nil }
            return Self(name: name, path: path, origin: origin, commit: commit)
        }
    }

    /// A name for a variable of the environment.
    var variable: String {
        "ORCHESTRA_WORKSPACE_"
            + String(self.name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
