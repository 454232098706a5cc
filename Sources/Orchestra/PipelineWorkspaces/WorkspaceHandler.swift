package import PipelineCore
package import PipelineRuntime
import PipelineTurns
import Synchronization
import Vocabulary

/// Lets another handler work in the workspaces of a run, and commits what it changed there.
///
/// ```
///   enter: the tree is what the record says ──► work ──► commit ──► outcome, with the commit for the context
/// ```
/// A crash anywhere in between leaves the record as it was, and `enter` puts the tree right. Without workspaces in the
/// context it only hands on.
package struct WorkspaceHandler: NodeHandler {
    private let worker: any NodeHandler
    private let keeper: WorkspaceKeeper
    /// Whether it brings the work of branches together first.
    private let isMerging: Bool

    package init(_ worker: any NodeHandler, keeper: WorkspaceKeeper, isMerging: Bool = false) {
        self.worker = worker
        self.keeper = keeper
        self.isMerging = isMerging
    }

    package func run(_ call: HandlerCall) async -> Outcome? {
        let trees = Workspace.all(in: call.context.values).map { WorkTree($0, for: call) }
        guard !trees.isEmpty else {
            // Nobody makes a workspace by writing that there is one.
            var outcome = await self.worker.run(call)
            let updates = outcome?.contextUpdates ?? [:]
            outcome?.contextUpdates = updates.without(prefix: Workspace.prefix)
            return outcome
        }
        let attempt = WorkspaceAttempt(call: call, trees: trees, keeper: self.keeper)
        do throws(WorkspaceError) {
            let conflicts = try await uninterrupted { () async throws(WorkspaceError) in
                try await attempt.begin(isMerging: self.isMerging)
            }
            let outcome = await self.worker.run(attempt.innerCall)
            let isStopped = Task.isCancelled && outcome?.status.isGood != true
            return try await uninterrupted { () async throws(WorkspaceError) in
                try await attempt.end(outcome, isStopped: isStopped, conflicts: conflicts)
            }
        } catch {
            return .fail("node \(call.node.id) cannot work in its workspace: \(error)", isRetryable: false)
        }
    }
}

/// Does `work` to its end, also when the task that waits for it is cancelled: half of a commit helps nobody.
private func uninterrupted<Value: Sendable>(
    _ work: @escaping @Sendable () async throws(WorkspaceError) -> Value
) async throws(WorkspaceError) -> Value {
    let task = Task { () async -> Result<Value, WorkspaceError> in
        do throws(WorkspaceError) { return .success(try await work()) } catch { return .failure(error) }
    }
    return try await task.value.get()
}

/// One attempt, and the trees it works in.
final class WorkspaceAttempt: Sendable {
    private let call: HandlerCall
    private let trees: [WorkTree]
    private let keeper: WorkspaceKeeper
    /// What the worker told of itself: it waits for its commit.
    private let turns = Mutex<[AgentTurn]>([])

    init(call: HandlerCall, trees: [WorkTree], keeper: WorkspaceKeeper) {
        self.call = call
        self.trees = trees
        self.keeper = keeper
    }

    /// The call as the worker gets it.
    var innerCall: HandlerCall {
        var place = self.call.place
        place.workingDirectory = self.trees.first?.directory ?? place.workingDirectory
        place.environment["ORCHESTRA_WORKSPACE"] = self.trees.first?.directory
        for tree in self.trees { place.environment[tree.space.variable] = tree.directory }
        let call = self.call
        return HandlerCall(
            attempt: call.attempt, node: call.node, graph: call.graph, context: call.context, briefing: call.briefing,
            session: call.session, displayID: call.displayID, branch: call.branch, place: place
        ) { report in
            if case .agent(let turn) = report { return self.turns.withLock { $0.append(turn) } }
            call.report(report)
        }
    }

    /// Makes the trees ready; answers with the conflicts of the branches that were merged.
    func begin(isMerging: Bool) async throws(WorkspaceError) -> [JSONValue] {
        var conflicts: [JSONValue] = []
        for tree in self.trees {
            try await self.keeper.enter(tree) { self.call.report(.note($0)) }
            if isMerging { conflicts += try await self.merge(into: tree) }
        }
        return conflicts
    }

    /// Commits, and tells the context where everything stands.
    func end(_ outcome: Outcome?, isStopped: Bool, conflicts: [JSONValue]) async throws(WorkspaceError) -> Outcome? {
        guard !isStopped else {
            for tree in self.trees { try await tree.putBack { self.call.report(.note($0)) } }
            self.tellTurns([])
            return outcome
        }
        var result = outcome
        var updates = (outcome?.contextUpdates ?? [:]).without(prefix: Workspace.prefix)
        var commits: [AttemptCommit] = []
        let turn = self.turns.withLock { $0.last }
        for tree in self.trees {
            try await self.checkBranch(of: tree)
            let commit = try await tree.commit(
                for: self.call, model: turn?.model ?? "", provider: turn?.provider ?? "")
            if let commit { commits.append(commit) }
            updates[tree.space.key("commit")] = .string(try await self.keeper.note(tree))
        }
        self.tellTurns(commits)
        if !conflicts.isEmpty {
            updates["parallel.merge_conflicts"] = .array(conflicts)
            if result?.status == .success { result?.status = .partialSuccess }
        } else if self.call.context["parallel.merge_conflicts"] != nil {
            updates["parallel.merge_conflicts"] = .array([])
        }
        result?.contextUpdates = updates
        return result
    }

    private func checkBranch(of tree: WorkTree) async throws(WorkspaceError) {
        let branch = try await tree.git.branch()
        guard branch != tree.branch else { return }
        throw WorkspaceError(
            "it left the branch \(tree.branch) for \(branch ?? "a detached head") in \(tree.directory)",
            hint: "an attempt may commit, but must stay on its branch")
    }

    private func tellTurns(_ commits: [AttemptCommit]) {
        var turns = self.turns.withLock { turns in
            defer { turns = [] }
            return turns
        }
        if let last = turns.indices.last, let commit = commits.first {
            turns[last].commit = commit.commit
            turns[last].commitMessage = commit.message
            turns[last].filesWritten = commits.flatMap(\.files)
        }
        for turn in turns { self.call.report(.agent(turn)) }
    }
}

// MARK: - Fan-in

extension WorkspaceAttempt {
    /// Brings the work of the good branches together, in their order. What is merged needs no worktree any more.
    private func merge(into tree: WorkTree) async throws(WorkspaceError) -> [JSONValue] {
        var conflicts: [JSONValue] = []
        let parallel = self.call.context["internal.parallel"]?.string ?? ""
        let visit = self.call.context["node_visits.\(parallel)"]?.integer ?? 1
        for (id, outcome) in FanIn(self.call.node, in: self.call.graph, context: self.call.context).results {
            guard let commit = outcome.contextUpdates[tree.space.key("commit")]?.string else { continue }
            let child = try await tree.child(id, of: parallel, visit: visit)
            guard outcome.status.isGood else {
                self.call.report(
                    .note("branch \(id) failed, so its work is not merged; it is in \(child?.directory ?? commit)"))
                continue
            }
            switch try await tree.merge(commit, of: id, for: self.call) {
            case .conflict(let files):
                conflicts.append(Self.conflict(in: tree, id, child, files))
                self.tell(tree, "conflict", id, child, commit)
            case .nothing:
                try await child?.remove()
            case .merged(let merged):
                self.tell(tree, "merged", id, child, merged)
                try await child?.remove()
            }
        }
        return conflicts
    }

    private static func conflict(in tree: WorkTree, _ id: String, _ child: WorkTree?, _ files: [String]) -> JSONValue {
        [
            "workspace": .string(tree.space.name), "branch": .string(id),
            "worktree": child.map { .string($0.directory) } ?? .null, "files": .array(files.map { .string($0) }),
        ]
    }

    private func tell(_ tree: WorkTree, _ status: String, _ id: String, _ child: WorkTree?, _ commit: String) {
        var event = WorktreeEvent(repository: tree.space.name, status: status)
        event.branch = id
        event.path = child?.directory
        event.worktreeBranch = child?.branch
        event.mergedCommit = status == "merged" ? commit : nil
        self.call.report(.worktree(event))
    }
}

extension JSONObject {
    fileprivate func without(prefix: String) -> JSONObject {
        var rest = JSONObject()
        for (key, value) in self where !key.hasPrefix(prefix) { rest[key] = value }
        return rest
    }
}
