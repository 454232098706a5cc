import Synchronization
import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10)))
struct ReplayTests {
    /// A clock that a test moves on.
    private final class Clock: Sendable {
        private let offset = Mutex<Duration>(.zero)

        var now: Timestamp { Timestamp.now() + self.offset.withLock { $0 } }
        func advance(_ duration: Duration) { self.offset.withLock { $0 += duration } }
    }

    /// A call that changes nothing, and one that does: their nonces are kept in different places.
    @Test(arguments: ["GET", "POST"])
    func `a nonce is remembered for as long as a signature over it is fresh, and then forgotten`(
        method: String
    ) async throws {
        let clock = Clock()
        try await Stage.run(clock: { clock.now }) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            _ = try await stage.line(child)
            func call(_ nonce: Nonce, at moment: Timestamp) async throws -> Reply {
                guard method == "POST" else {
                    return try await stage.call("GET", "/apps/\(child.id)", as: child, at: moment, nonce: nonce)
                }
                let message = PostedMessage(messageID: .fresh(), kind: .status, timestamp: moment, payload: [:])
                return try await stage.call(
                    "POST", "/apps/\(child.id)/messages", PostMessagesBody(message), as: child, at: moment,
                    nonce: nonce)
            }
            let nonce = Nonce.fresh()
            // Signed ahead of the server's clock, so that it stays fresh for almost two windows.
            let ahead = clock.now + RESTSignature.window - .seconds(10)
            #expect(try await call(nonce, at: ahead).status == 200)
            for _ in 1...3 {
                clock.advance(RESTSignature.window / 2)
                #expect(try await call(.fresh(), at: clock.now).status == 200, "sweeps, where it is time to")
                #expect(try await call(nonce, at: ahead).problem?.code == .replayed)
            }
            for _ in 1...8 {
                clock.advance(RESTSignature.window)
                #expect(try await call(.fresh(), at: clock.now).status == 200)
            }
            #expect(try await call(nonce, at: ahead).problem?.code == .stale)
            #expect(try await call(nonce, at: clock.now).status == 200, "it is not remembered any more")
        }
    }
}
