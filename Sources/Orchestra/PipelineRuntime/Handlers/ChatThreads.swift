import ModelClient
import PipelineCore
import Synchronization
import TurnModel

/// The conversations that nodes with `fidelity=full` go on with, as long as the process lives.
///
/// A branch begins with what its thread had before it, and what it says is its own. After a crash they are gone; the
/// engine knows, and tells the first node in another way.
final class ChatThreads: Sendable {
    /// Of the texts of one conversation. What is older is forgotten, an exchange at a time.
    static let bytesMax = 1 << 20
    /// Of all runs of this process; the one that was quiet for longest goes first.
    static let threadsMax = 1_000

    private struct Name: Hashable {
        let run: DisplayID
        let branch: BranchID?
        let thread: String
    }

    private struct State {
        var threads: [Name: [ChatMessage]] = [:]
        var order: [Name] = []
    }

    private let state = Mutex(State())

    /// What was said before this call.
    func messages(before call: HandlerCall) -> [ChatMessage] {
        guard let thread = call.briefing.thread else { return [] }
        let own = Name(run: call.displayID, branch: call.branch, thread: thread)
        let origin = Name(run: call.displayID, branch: nil, thread: thread)
        return self.state.withLock { $0.threads[own] ?? $0.threads[origin] ?? [] }
    }

    /// Keeps what the model was told, and its answer.
    func keep(_ messages: [ChatMessage], after call: HandlerCall) {
        guard let thread = call.briefing.thread else { return }
        let name = Name(run: call.displayID, branch: call.branch, thread: thread)
        let kept = Self.shortened(messages.filter { $0.role != .system })
        self.state.withLock { state in
            state.threads[name] = kept
            state.order.removeAll { $0 == name }
            state.order.append(name)
            if state.order.count > Self.threadsMax { state.threads[state.order.removeFirst()] = nil }
        }
    }

    private static func shortened(_ messages: [ChatMessage]) -> [ChatMessage] {
        var rest = messages[...]
        var bytes = messages.reduce(0) { $0 + $1.text.utf8.count }
        while bytes > Self.bytesMax, rest.count > 2 {
            bytes -= rest.prefix(2).reduce(0) { $0 + $1.text.utf8.count }
            rest = rest.dropFirst(2)
        }
        return Array(rest)
    }
}
