import Synchronization
import TrailsWire
import Vocabulary

/// Remembers the nonces of calls that change nothing, for as long as their signatures are fresh. (Those of calls that
/// change something are in the store, in the same commit.)
final class ReplayGuard: Sendable {
    private static let noncesMax = 200_000

    private let state = Mutex(State())

    private struct State {
        var newer: Set<Nonce> = []
        var older: Set<Nonce> = []
        var turnedAt = Timestamp(milliseconds: 0)
    }

    func has(_ nonce: Nonce) -> Bool {
        self.state.withLock { $0.newer.contains(nonce) || $0.older.contains(nonce) }
    }

    /// Takes back `admit`: the call was turned away, and comes again at once to be told why.
    func forgive(_ nonce: Nonce) {
        self.state.withLock { state in _ = state.newer.remove(nonce) }
    }

    /// Whether the nonce was not used before.
    func admit(_ nonce: Nonce, at now: Timestamp) -> Bool {
        self.state.withLock { state in
            // A signature is good for the window before and after: two windows cover both.
            if now.since(state.turnedAt) > RESTSignature.window * 2 || state.newer.count > Self.noncesMax {
                state.older = state.newer
                state.newer = []
                state.turnedAt = now
            }
            guard !state.older.contains(nonce) else { return false }
            return state.newer.insert(nonce).inserted
        }
    }
}
