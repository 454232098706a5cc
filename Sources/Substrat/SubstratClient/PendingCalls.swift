import SubstratProtocol
import Synchronization
import Vocabulary

/// The calls of one connection whose answers have not ended, as a value behind a lock.
///
/// An answer is told apart by the id of its call. When the connection ends, so do all calls.
final class PendingCalls: Sendable {
    typealias Parts = AsyncThrowingStream<RPCReply.Body, any Error>

    private struct State {
        var calls: [Int64: Parts.Continuation] = [:]
        var last: Int64 = 0
        var end: ClientError?
    }

    private let state = Mutex(State())

    /// A number for a call, and the parts of its answer as they come; the last one ends it.
    func begin() -> (number: Int64, parts: Parts) {
        // What is not read waits here; who asks for a stream reads it.
        let (parts, continuation) = Parts.makeStream(bufferingPolicy: .unbounded)
        let (number, end) = self.state.withLock { state -> (Int64, ClientError?) in
            state.last += 1
            if state.end == nil { state.calls[state.last] = continuation }
            return (state.last, state.end)
        }
        if let end { continuation.finish(throwing: end) }
        return (number, parts)
    }

    /// The caller does not wait any more.
    func forget(_ number: Int64) {
        self.state.withLock { $0.calls.removeValue(forKey: number) }?.finish()
    }

    /// Hands over what came. False when no daemon says so.
    func take(_ frame: FrameSplitter.Frame) -> Bool {
        guard case .line(let bytes) = frame, let reply = RPCReply(bytes) else { return false }
        guard let number = reply.id.integer else {
            // An answer to a line that the daemon could not read: this program's fault, and all calls'.
            if case .error(let error) = reply.body { self.end(.refused(error)) }
            return true
        }
        let continuation = self.state.withLock { state in
            reply.isLast ? state.calls.removeValue(forKey: number) : state.calls[number]
        }
        continuation?.yield(reply.body)
        if reply.isLast { continuation?.finish() }
        return true
    }

    /// The connection is over; `error` says why, if nothing did before.
    func end(_ error: ClientError) {
        let calls = self.state.withLock { state -> [Parts.Continuation] in
            if state.end == nil { state.end = error }
            defer { state.calls = [:] }
            return Array(state.calls.values)
        }
        for call in calls { call.finish(throwing: error) }
    }
}
