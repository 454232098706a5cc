import Foundation
import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10)))
struct ThirdPartyTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("third_party_client.py").path

    @Test func `a client by somebody else, with the least it can do, works at open`() async throws {
        try await Stage.run(.open) { stage in
            let root = try await stage.root()
            let app = Member(
                id: .fresh(), key: .fresh(), parent: root.id, name: "third", level: .open, scheduledAt: .now())
            let url = "ws://\(stage.host)/ws"
            let script = Self.script
            let run = try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(
                        with: Result {
                            try Finished.run(
                                "/usr/bin/python3", [script, url, app.id.description, root.id.description])
                        })
                }
            }
            #expect(run.status == 0 && run.output == "done\n", "\(run.errors)")
            let view = try await stage.show(app, as: root)
            #expect(view.status == .done && view.isParentUnverified && view.result == ["rows": 5])
            let messages = try await stage.messages(of: app, as: root)
            #expect(messages.map(\.seq) == [1, 2, 3, 9, 7, 10])
        }
    }
}
