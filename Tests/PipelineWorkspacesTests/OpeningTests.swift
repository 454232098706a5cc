import Foundation
import Testing

@testable import PipelineWorkspaces

@Suite(.timeLimit(.minutes(15))) struct OpeningTests {
    @Test func `opens a clean repository on a branch`() async throws {
        let repository = try Repository()
        let space = try await repository.space()
        #expect(space.name == "repo" && space.path == repository.path && space.origin == "main")
        #expect(space.commit == (try repository.sh("git rev-parse HEAD")))
        #expect(Workspace.all(in: space.variables) == [space])
    }

    @Test(arguments: [
        ("rm -rf .git", ".", "is no working tree of git"),
        ("true", "none", "there is no directory"),
        ("mkdir sub", "sub", "is inside the repository"),
        ("git checkout -q --detach", ".", "has a detached head"),
        ("rm -rf .git; git init -q", ".", "has no commit yet"),
        ("echo two >a.txt", ".", "has changes that are not committed: a.txt"),
        ("touch new; touch b.log", ".", "has changes that are not committed: new"),
        ("touch .git/index.lock", ".", "the index of"),
        ("git checkout -qb orchestra/Flow/ffffff", ".", "is in use: the branch orchestra/Flow/ffffff"),
    ])
    func `refuses what it could harm, and says what to do`(script: String, place: String, words: String) async throws {
        let repository = try Repository()
        try repository.sh(script)
        let error = await #expect(throws: WorkspaceError.self) {
            try await Workspace.open(["\(repository.path)/\(place)"])
        }
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        #expect(error?.hint.isEmpty == false)
    }

    @Test func `refuses two of one name, and one in another`() async throws {
        let repository = try Repository()
        try repository.sh("git clone -q . ../other/repo; git clone -q . inner; echo inner >>.git/info/exclude")
        for (other, words) in [("../other/repo", "both be called repo"), ("inner", "one in the other")] {
            let error = await #expect(throws: WorkspaceError.self) {
                try await Workspace.open([repository.path, "\(repository.path)/\(other)"])
            }
            #expect(error?.message.contains(words) == true)
        }
    }

    @Test(arguments: [("/a/repo/x", true), ("/a/repo", true), ("/a/repo2", false), ("/a", false)])
    func `knows what is inside by the parts of a path`(path: String, isInside: Bool) {
        #expect(Paths.isInside(path, "/a/repo") == isInside)
    }
}
