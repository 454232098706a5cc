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
            _ = try await stage.line(branch)
            let leaf = try await stage.declared(by: branch, "leaf", tags: ["device_type": "x"])
            let line = try await stage.line(leaf)
            func give(_ id: CorrelationID, query: String = "") async throws -> Reply {
                // The target itself is not among those that are meant.
                try await stage.command(
                    root, branch, "blink", scope: .subtree, filter: ["device_type": "x"], id: id, query: query)
            }
            let id = CorrelationID.fresh()
            #expect(try await give(id).status == 202)
            try line.acknowledge(try await line.control(of: leaf.id), by: leaf)
            #expect(try await give(id, query: "?wait=30").read(ControlView.self).pending == 0)

            let before = try await stage.history(of: root)
            let again = try await give(id)
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
