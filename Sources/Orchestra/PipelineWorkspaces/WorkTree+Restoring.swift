import Foundation
import PipelineCore
import Vocabulary

extension WorkTree {
    /// Makes the tree what the record says: this branch, at the commit of the workspace, with nothing else in it.
    ///
    /// What is there beyond that was left by an attempt that never came on record. It is kept under
    /// `refs/orchestra/lost/SESSION/` and told with `say`, never thrown away. The user's own work is not touched: with
    /// changes on a branch of theirs this throws.
    ///
    /// - Parameter tip: a commit that this process itself has left there, which is as good.
    func enter(tip: String?, say: (String) -> Void) async throws(WorkspaceError) {
        try await self.checkPlace()
        try await self.hideFolder()
        if self.part != nil, try await self.makeWorktree(say) { return }
        try await self.unlock(say)
        let changes = try await self.git.changes()
        guard try await self.git.branch() == self.branch else { return try await self.checkOut(changes, say) }
        let head = try await self.git.commit("HEAD")
        if changes.isEmpty, head == self.space.commit || head == tip { return }
        try await self.putBack(say)
    }

    /// Goes back to the commit of the workspace, and keeps what was there.
    func putBack(_ say: (String) -> Void) async throws(WorkspaceError) {
        try await self.keepLost(say)
        try await self.git.run("reset", "--quiet", "--hard", self.space.commit)
        try await self.git.run("clean", "--quiet", "-fd")
    }

    private func checkOut(_ changes: [String], _ say: (String) -> Void) async throws(WorkspaceError) {
        guard changes.isEmpty else {
            throw WorkspaceError(
                "\(self.directory) has changes of somebody's own on another branch", hint: "commit or stash them first")
        }
        try await self.root.alone { (_) async throws(WorkspaceError) in
            try await self.keepLostBranch(say)
            try await self.git.run("checkout", "--quiet", "-B", self.branch, self.space.commit)
        }
    }

    /// Nothing on the way to the worktrees may lead out of the repository.
    private func checkPlace() async throws(WorkspaceError) {
        guard self.part != nil else { return }
        for folder in [
            "\(self.space.path)/.orchestra", "\(self.space.path)/.orchestra/worktrees", self.worktrees, self.directory,
        ]
        where FileManager.default.fileExists(atPath: folder) && Paths.real(folder) != folder {
            throw WorkspaceError(
                "\(folder) leads to \(Paths.real(folder)), out of its place", hint: "remove that symbolic link")
        }
        guard
            Paths.isInside(
                URL(filePath: self.directory).standardizedFileURL.path(percentEncoded: false), self.worktrees)
        else {
            throw WorkspaceError("\(self.directory) is outside of \(self.worktrees)", hint: "rename the node")
        }
    }

    /// The folder of worktrees is ours: git is told to look away, in a file that is not shared.
    private func hideFolder() async throws(WorkspaceError) {
        let path = Paths.absolute(
            try await self.root.run("rev-parse", "--git-path", "info/exclude"), in: self.space.path)
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        guard !text.split(separator: "\n").contains("/.orchestra/") else { return }
        let isEnded = text.isEmpty || text.hasSuffix("\n")
        do {
            try FileManager.default.createDirectory(
                at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            try (text + (isEnded ? "" : "\n") + "/.orchestra/\n").write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw WorkspaceError("\(path) cannot be written: \(error)", hint: "may you write it?")
        }
    }

    /// A git that was killed leaves its lock. The session is ours, so unless a git is at work there, nobody's it is.
    private func unlock(_ say: (String) -> Void) async throws(WorkspaceError) {
        for name in ["index.lock", "HEAD.lock"] {
            let path = Paths.absolute(try await self.git.run("rev-parse", "--git-path", name), in: self.directory)
            guard FileManager.default.fileExists(atPath: path) else { continue }
            guard !Processes.isGitAtWork(in: self.space.path) else {
                throw WorkspaceError("another git is at work in \(self.directory)", hint: "resume when it has ended")
            }
            try? FileManager.default.removeItem(atPath: path)
            say("removed \(path), which a git that was killed had left")
        }
    }
}

// MARK: - What is lost

extension WorkTree {
    /// Keeps what is in the tree and not at the commit of the workspace.
    private func keepLost(_ say: (String) -> Void) async throws(WorkspaceError) {
        let head = try await self.git.commit("HEAD")
        let changes = try await self.git.changes()
        guard !changes.isEmpty else {
            if let head, head != self.space.commit { try await self.keep(head, say) }
            return
        }
        // In an index of its own: that of the tree may be in the middle of a merge.
        let file = Paths.absolute(
            try await self.git.run("rev-parse", "--git-path", "orchestra-lost-index"), in: self.directory)
        let index = ["GIT_INDEX_FILE": file]
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await self.git.run("read-tree", head ?? self.space.commit, setting: index)
        try await self.git.run("add", "--all", setting: index)
        let tree = try await self.git.run("write-tree", setting: index)
        let lost = try await self.git.run(
            "commit-tree", tree, "-p", head ?? self.space.commit, "-m", "What an attempt left that never came on record"
        )
        try await self.keep(lost, say)
    }

    /// The same for a branch that is checked out nowhere.
    func keepLostBranch(_ say: (String) -> Void) async throws(WorkspaceError) {
        guard let tip = try await self.root.commit("refs/heads/\(self.branch)"), tip != self.space.commit,
            try await !self.root.succeeds("merge-base", "--is-ancestor", tip, self.space.commit)
        else { return }
        try await self.keep(tip, say)
    }

    private func keep(_ commit: String, _ say: (String) -> Void) async throws(WorkspaceError) {
        let name = "\(Self.lostPrefix)\(self.session)/\(commit.prefix(12))"
        try await self.root.run("update-ref", name, commit)
        say("what an attempt left in \(self.directory) and never came on record is kept as \(name)")
    }
}

/// The processes of this machine.
enum Processes {
    /// Whether a git works in `directory` or below; where that cannot be known, none does.
    static func isGitAtWork(in directory: String) -> Bool {
        let files = FileManager.default
        let ids = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
        return ids.contains { id in
            guard Int32(id) != nil, let name = try? String(contentsOfFile: "/proc/\(id)/comm", encoding: .utf8),
                name.trimmed.hasPrefix("git"),
                let place = try? files.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
            else { return false }
            return Paths.isInside(place, directory)
        }
    }
}
