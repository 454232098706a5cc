import Foundation
import PipelineCore

extension WorkTree {
    /// Makes the worktree of a parallel branch; `false` when it is there.
    func makeWorktree(_ say: (String) -> Void) async throws(WorkspaceError) -> Bool {
        try await self.root.alone { (folder) async throws(WorkspaceError) in
            try self.clearUnfinished("\(folder)/worktrees", say)
            guard !FileManager.default.fileExists(atPath: "\(self.directory)/.git") else { return false }
            try await self.root.run("worktree", "prune")
            try await self.keepLostBranch(say)
            try await self.root.run(
                "worktree", "add", "--quiet", "--force", "-B", self.branch, self.directory, self.space.commit)
            return true
        }
    }

    /// Takes away what a git has left that was killed while it made this worktree: git neither goes on with it nor lets
    /// it be made anew. Nobody has worked there yet.
    private func clearUnfinished(_ folder: String, _ say: (String) -> Void) throws(WorkspaceError) {
        let files = FileManager.default
        let isThere = files.fileExists(atPath: "\(self.directory)/.git")
        for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] {
            let notes = "\(folder)/\(name)"
            let place = Self.text(of: "\(notes)/gitdir")
            // Before git has noted where the worktree is, only the name, to which it may add a number, says whose.
            let isOurs = place.isEmpty ? name.hasPrefix(self.part ?? name) : place == "\(self.directory)/.git"
            let isUnfinished = place.isEmpty || !isThere || Self.text(of: "\(notes)/locked") == Self.unfinished
            guard isOurs, isUnfinished else { continue }
            do {
                if files.fileExists(atPath: self.directory) { try files.removeItem(atPath: self.directory) }
                try files.removeItem(atPath: notes)
            } catch {
                throw WorkspaceError(
                    "\(notes), of a git that was killed, cannot be removed: \(error)", hint: "may you write there?")
            }
            say("removed \(self.directory), which a git that was killed had half made")
        }
    }

    /// What git locks a worktree with, as long as it makes it.
    private static let unfinished = "initializing"

    private static func text(of path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmed ?? ""
    }
}
