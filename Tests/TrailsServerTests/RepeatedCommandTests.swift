import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10)))
struct RepeatedCommandTests {
    @Test func `a command to a subtree that all have answered is not given again`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let branch = try await stage.declared(by: root, "branch")
            let branchLine = try await stage.line(branch)
            let leaf = try await stage.declared(by: branch, "leaf")
            let line = try await stage.line(leaf)

            let id = try await stage.give(root, branch, "blink", scope: .subtree)
            try branchLine.acknowledge(try await branchLine.control(of: branch.id), by: branch)
            try line.acknowledge(try await line.control(of: leaf.id), by: leaf)
            let all = try await stage.command(root, branch, "blink", scope: .subtree, id: id, query: "?wait=30")
            #expect(try all.read(ControlView.self).pending == 0, "\(all.text)")

            let before = try await stage.history(of: root)
            let again = try await stage.command(root, branch, "blink", scope: .subtree, id: id)
            #expect(again.status == 202, "\(again.text)")
            #expect(try again.read(ControlView.self).queued == 0)
            #expect(try await stage.history(of: root) == before)
        }
    }

    @Test func `under the identifier of one command nobody gives another to others`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root, "child")
            let other = try await stage.declared(by: root, "other")
            _ = try await stage.line(child)
            _ = try await stage.line(other)
            let id = try await stage.give(root, child, "blink")
            let before = try await stage.history(of: root)
            let refused = try await stage.command(root, other, "blink", id: id)
            #expect(refused.problem?.code == .conflict, "\(refused.text)")
            let stranger = try await stage.root("stranger")
            let denied = try await stage.command(stranger, child, "blink", id: id)
            #expect(denied.status == 403, "\(denied.text)")
            #expect(try await stage.history(of: root) == before)
        }
    }
}
