import PipelineCore
import PipelineRuntime
import TurnModel

/// Where one attempt works in one workspace: the repository itself, or in a parallel branch a worktree of its own.
///
/// ```
///   REPO                                          orchestra/PIPELINE/SESSION
///   REPO/.orchestra/worktrees/SESSION/BRANCH      orchestra/PIPELINE/SESSION.BRANCH
/// ```
struct WorkTree: Sendable, Hashable {
    let space: Workspace
    let session: String
    let pipeline: String
    /// Of the parallel branch; `nil` at the root.
    let part: String?

    /// Of all branches that sessions make.
    static let prefix = "orchestra/"
    static let lostPrefix = "refs/orchestra/lost/"

    init(_ space: Workspace, for call: HandlerCall) {
        self.space = space
        self.session = call.displayID.description
        self.pipeline = call.graph.name
        self.part = Self.part(of: call)
    }

    init(_ space: Workspace, session: String, pipeline: String, part: String?) {
        self.space = space
        self.session = session
        self.pipeline = pipeline
        self.part = part
    }

    /// The parallel nodes and branches on the way to `call`, which its attempt key has between session and node.
    private static func part(of call: HandlerCall) -> String? {
        let parts = call.attempt.key.text.split(separator: "/").dropFirst().dropLast()
        return parts.isEmpty ? nil : parts.joined(separator: "-")
    }

    var branch: String { Self.prefix + "\(self.pipeline)/\(self.session)" + (self.part.map { ".\($0)" } ?? "") }

    var worktrees: String { "\(self.space.path)/.orchestra/worktrees/\(self.session)" }

    var directory: String { self.part.map { "\(self.worktrees)/\($0)" } ?? self.space.path }

    var git: Git { Git(directory: self.directory) }

    /// Of the repository itself.
    var root: Git { Git(directory: self.space.path) }
}
