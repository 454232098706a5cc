import Foundation
import Vocabulary

/// What a session has left in a repository: a branch, and perhaps the worktree in which it is checked out.
package struct Leftover: Sendable, Hashable {
    /// The display id of the session.
    package let session: String
    package let branch: String
    package let commit: String
    package let worktree: String?
}

/// The branches and worktrees that sessions have left in one repository.
package struct Leftovers: Sendable {
    private let git: Git

    /// - Parameter path: of the repository, or of a place in it.
    package init(in path: String) async throws(WorkspaceError) {
        let git = Git(directory: Paths.real(path))
        guard FileManager.default.fileExists(atPath: git.directory) else {
            throw WorkspaceError("there is no directory \(path.shownToPeople())", hint: "name a repository of git")
        }
        let top = try await git.answer(["rev-parse", "--show-toplevel"])
        guard top.exitCode == 0 else {
            throw WorkspaceError("\(git.directory) is no working tree of git", hint: "name one with --workspace")
        }
        self.git = Git(directory: Paths.real(top.output.trimmingCharacters(in: .newlines)))
    }

    package var path: String { self.git.directory }

    /// All of them, by the names of their branches.
    package func all() async throws(WorkspaceError) -> [Leftover] {
        let worktrees = try await self.worktrees()
        let refs = try await self.git.run(
            "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/\(WorkTree.prefix)")
        return refs.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            let parts = words[0].split(separator: "/")
            guard words.count == 2, parts.count == 3, let session = parts[2].split(separator: ".").first else {
                return nil
            }
            return Leftover(
                session: String(session), branch: words[0], commit: words[1], worktree: worktrees[words[0]])
        }
    }

    /// By the branches that are checked out in them.
    private func worktrees() async throws(WorkspaceError) -> [String: String] {
        var (found, path): ([String: String], String?) = ([:], nil)
        let answer = try await self.git.alone { (_) async throws(WorkspaceError) in
            try await self.git.answer(["worktree", "list", "--porcelain", "-z"])
        }
        for line in answer.names {
            if line.hasPrefix("worktree ") { path = String(line.dropFirst("worktree ".count)) }
            if line.hasPrefix("branch refs/heads/"), let path {
                found[String(line.dropFirst("branch refs/heads/".count))] = path
            }
        }
        return found
    }

    /// Removes the worktree, then the branch.
    package func remove(_ leftover: Leftover) async throws(WorkspaceError) {
        if let worktree = leftover.worktree {
            guard Paths.isInside(worktree, "\(self.path)/.orchestra/worktrees") else {
                throw WorkspaceError(
                    "\(leftover.branch) is checked out in \(worktree)", hint: "check out another branch there")
            }
        }
        try await self.git.alone { (_) async throws(WorkspaceError) in
            if let worktree = leftover.worktree { try await self.git.run("worktree", "remove", "--force", worktree) }
            try await self.git.run("branch", "--quiet", "-D", leftover.branch)
        }
    }
}
