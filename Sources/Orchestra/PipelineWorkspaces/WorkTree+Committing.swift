import PipelineCore
import PipelineRuntime
import PipelineTurns
import Vocabulary

/// What one attempt changed, as a commit.
struct AttemptCommit: Sendable, Hashable {
    let commit: String
    let message: String
    let files: [String]
}

extension WorkTree {
    /// Commits all that is in the tree now; `nil` when nothing is. Ignored files are not in it.
    func commit(for call: HandlerCall, model: String, provider: String) async throws(WorkspaceError) -> AttemptCommit? {
        try await self.git.run("add", "--all")
        let files = try await self.git.answer(["diff", "--cached", "--name-only", "--no-renames", "-z"]).names
        guard !files.isEmpty else { return nil }
        let message = self.message(for: call, model: model, provider: provider)
        let author = call.node.id.text + (model.isEmpty ? "" : " (\(model))")
        try await self.git.run(
            "commit", "--quiet", "--no-verify", "--file=-", input: message, setting: Git.identity(of: author))
        guard let commit = try await self.git.commit("HEAD") else {
            throw WorkspaceError("\(self.directory) has no commit", hint: "look with git log at what is the matter")
        }
        return AttemptCommit(commit: commit, message: message, files: files)
    }

    private static let subjectMax = 60

    private func message(for call: HandlerCall, model: String, provider: String) -> String {
        let words = call.node.handler == .tool ? call.node.toolCommand : call.node.instruction
        let line = words.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let subject = "\(call.node.id): \(line.shownToPeople(scalarsMax: Self.subjectMax))"
        return subject + "\n\n" + self.trailers(call, model: model, provider: provider)
    }

    private func trailers(_ call: HandlerCall, model: String, provider: String) -> String {
        let trailers = [
            ("Model", model), ("Provider", provider), ("Node", call.node.id.text), ("Pipeline", self.pipeline),
            ("Session", self.session), ("Turn", call.attempt.key.text),
        ]
        return trailers.filter { !$0.1.isEmpty }
            .map { "Orchestra-\($0.0): \($0.1.shownToPeople())\n" }.joined()
    }
}

// MARK: - Merging

/// What became of the work of one branch.
enum MergeResult: Sendable, Hashable {
    case nothing
    case merged(String)
    case conflict(files: [String])
}

extension WorkTree {
    /// Merges `commit`, the work of the branch `id`. With a conflict the tree stays as it was.
    func merge(_ commit: String, of id: String, for call: HandlerCall) async throws(WorkspaceError) -> MergeResult {
        if try await self.git.succeeds("merge-base", "--is-ancestor", commit, "HEAD") { return .nothing }
        let message = "\(call.node.id): merge branch \(id)\n\n" + self.trailers(call, model: "", provider: "")
        let answer = try await self.git.answer(
            ["merge", "--quiet", "--no-ff", "--no-verify", "-m", message, commit],
            setting: Git.identity(of: call.node.id.text))
        if answer.exitCode == 0 { return .merged(try await self.git.run("rev-parse", "HEAD")) }
        let files = try await self.git.answer(["diff", "--name-only", "--diff-filter=U", "-z"]).names
        guard !files.isEmpty else {
            throw WorkspaceError(
                "git merge failed in \(self.directory): \((answer.complaint + answer.output).suffix(1_000))",
                hint: "look with git status at what is the matter there")
        }
        try await self.git.run("merge", "--abort")
        return .conflict(files: files)
    }

    /// Takes the worktree away, and its branch, whose commits are elsewhere now.
    func remove() async throws(WorkspaceError) {
        guard self.part != nil else { return }
        try await self.root.alone { (_) async throws(WorkspaceError) in
            // One that is gone already is as good as removed.
            _ = try await self.root.answer(["worktree", "remove", "--force", self.directory])
            try await self.root.run("worktree", "prune")
            _ = try await self.root.answer(["branch", "--quiet", "-D", self.branch])
        }
    }

    /// The worktree in which the branch `id` of the parallel node `parallel` has worked, in its newest attempt.
    func child(_ id: String, of parallel: String, visit: Int64) async throws(WorkspaceError) -> WorkTree? {
        let start = (self.part.map { "\($0)-" } ?? "") + "\(parallel).\(visit)."
        let prefix = "\(Self.prefix)\(self.pipeline)/\(self.session)."
        let names = try await self.root.run("for-each-ref", "--format=%(refname:short)", "refs/heads/\(Self.prefix)")
        let parts = names.split(separator: "\n").compactMap { name -> String? in
            guard name.hasPrefix(prefix) else { return nil }
            let part = name.dropFirst(prefix.count)
            guard part.hasPrefix(start), part.hasSuffix("-\(id)"),
                part.dropFirst(start.count).dropLast(id.count + 1).allSatisfy(\.isNumber)
            else { return nil }
            return String(part)
        }
        return parts.max { $0.count == $1.count ? $0 < $1 : $0.count < $1.count }
            .map { WorkTree(self.space, session: self.session, pipeline: self.pipeline, part: $0) }
    }
}
