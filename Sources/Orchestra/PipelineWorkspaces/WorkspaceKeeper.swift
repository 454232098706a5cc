package import PipelineCore
import PipelineRuntime
import Synchronization

/// The trees that runs of this process work in: enters them, and leaves them as they were found.
package final class WorkspaceKeeper: Sendable {
    private struct State {
        /// Where this process has left a tree, by its directory.
        var tips: [String: String] = [:]
        /// Repositories that were entered at their root.
        var roots: Set<WorkTree> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Looks whether a run with this context can be resumed without harm to what somebody else does there.
    package func check(_ context: PipelineContext, session: String, pipeline: String) async throws(WorkspaceError) {
        for space in Workspace.all(in: context.values) {
            let tree = WorkTree(space, session: session, pipeline: pipeline, part: nil)
            if try await tree.root.branch() == tree.branch { continue }
            try await Workspace.check(space.path)
        }
    }

    func enter(_ tree: WorkTree, say: (String) -> Void) async throws(WorkspaceError) {
        let tip = self.state.withLock { state in
            if tree.part == nil { state.roots.insert(tree) }
            return state.tips[tree.directory]
        }
        try await tree.enter(tip: tip, say: say)
        try await self.note(tree)
    }

    /// Where the tree stands now; remembers it.
    @discardableResult
    func note(_ tree: WorkTree) async throws(WorkspaceError) -> String {
        let head = try await tree.git.run("rev-parse", "HEAD")
        self.state.withLock { $0.tips[tree.directory] = head }
        return head
    }

    /// Checks out again what was checked out before, in every repository that was worked in. What could not be is told.
    package func leave() async -> [String] {
        let roots = self.state.withLock { state in
            defer { state = State() }
            return state.roots
        }
        var complaints: [String] = []
        for tree in roots {
            do throws(WorkspaceError) {
                guard try await tree.root.branch() == tree.branch else { continue }
                try await tree.root.alone { (_) async throws(WorkspaceError) in
                    try await tree.root.run("checkout", "--quiet", tree.space.origin)
                }
            } catch {
                complaints.append("\(tree.space.path) stays on the branch \(tree.branch): \(error)")
            }
        }
        return complaints
    }
}
