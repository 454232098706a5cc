import Foundation
import Vocabulary

extension Workspace {
    /// Looks at the repositories at `paths`, and refuses what could not be worked in without harm.
    package static func open(_ paths: [String]) async throws(WorkspaceError) -> [Self] {
        var spaces: [Self] = []
        for path in paths {
            let space = try await self.open(path)
            if let other = spaces.first(where: { $0.name == space.name }) {
                throw WorkspaceError(
                    "\(other.path) and \(space.path) would both be called \(space.name)", hint: "rename one of them")
            }
            if let other = spaces.first(where: {
                Paths.isInside(space.path, $0.path) || Paths.isInside($0.path, space.path)
            }) {
                throw WorkspaceError(
                    "\(other.path) and \(space.path) lie one in the other",
                    hint: "name the outer one, or move the inner one")
            }
            spaces.append(space)
        }
        return spaces
    }

    private static func open(_ path: String) async throws(WorkspaceError) -> Self {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw WorkspaceError("there is no directory \(path.shownToPeople())", hint: "name a repository of git")
        }
        let real = Paths.real(path)
        let git = Git(directory: real)
        let top = try await git.answer(["rev-parse", "--show-toplevel"])
        guard top.exitCode == 0 else {
            throw WorkspaceError("\(real) is no working tree of git", hint: "git clone it, or git init and commit")
        }
        let root = Paths.real(top.output.trimmingCharacters(in: .newlines))
        guard root == real else {
            throw WorkspaceError("\(real) is inside the repository \(root)", hint: "name the repository itself")
        }
        guard let commit = try await git.commit("HEAD") else {
            throw WorkspaceError("\(real) has no commit yet", hint: "make a first commit")
        }
        let origin = try await self.origin(git)
        try await self.check(git)
        let name = URL(filePath: real).lastPathComponent
        return Self(
            name: String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) ? $0 : "_" }),
            path: real, origin: origin, commit: commit)
    }

    private static func origin(_ git: Git) async throws(WorkspaceError) -> String {
        guard let branch = try await git.branch() else {
            throw WorkspaceError(
                "\(git.directory) has a detached head, so nothing says where to go back to", hint: "check out a branch")
        }
        guard !branch.hasPrefix(WorkTree.prefix) else {
            throw WorkspaceError(
                "\(git.directory) is in use: the branch \(branch) of a session is checked out",
                hint: "resume that session, or check out a branch of yours")
        }
        return branch
    }

    /// Whether nothing is going on there.
    package static func check(_ directory: String) async throws(WorkspaceError) {
        try await self.check(Git(directory: directory))
    }

    private static func check(_ git: Git) async throws(WorkspaceError) {
        let lock = try await git.run("rev-parse", "--git-path", "index.lock")
        if FileManager.default.fileExists(atPath: Paths.absolute(lock, in: git.directory)) {
            throw WorkspaceError(
                "the index of \(git.directory) is locked: another git is at work, or one has crashed",
                hint: "when none is at work, remove \(Paths.absolute(lock, in: git.directory))")
        }
        let changes = try await git.changes()
        guard changes.isEmpty else {
            let names = changes.prefix(5).map { $0.shownToPeople() }.joined(separator: ", ")
            let more = changes.count > 5 ? " and \(changes.count - 5) more" : ""
            throw WorkspaceError(
                "\(git.directory) has changes that are not committed: \(names)\(more)",
                hint: "commit or stash them first")
        }
    }
}

/// Where things are, by the parts of their paths.
enum Paths {
    /// Without symbolic links, as far as there is something.
    static func real(_ path: String) -> String {
        let url = URL(filePath: path).absoluteURL
        guard let real = realpath(url.path(percentEncoded: false), nil) else {
            return url.standardizedFileURL.path(percentEncoded: false)
        }
        defer { free(real) }
        return String(cString: real)
    }

    static func absolute(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    /// Whether `path` is `directory`, or is somewhere under it: `/a/repo2` is not in `/a/repo`.
    static func isInside(_ path: String, _ directory: String) -> Bool {
        path.split(separator: "/").starts(with: directory.split(separator: "/"))
    }
}
