import Synchronization

/// What waits for one loop: put in from anywhere, taken out in order by the loop alone.
///
/// It holds no more than the loop has set to work (an attempt, a question, its branches) and what people ask.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var reader: CheckedContinuation<Element, Never>?
    }

    private let state = Mutex(State())

    func put(_ element: Element) {
        let reader = self.state.withLock { state -> CheckedContinuation<Element, Never>? in
            guard let reader = state.reader else {
                state.waiting.append(element)
                return nil
            }
            state.reader = nil
            return reader
        }
        reader?.resume(returning: element)
    }

    /// The next element. Not cancellable: whoever wants the loop to end puts that in.
    func next() async -> Element {
        await withCheckedContinuation { continuation in
            let element = self.state.withLock { state -> Element? in
                if !state.waiting.isEmpty { return state.waiting.removeFirst() }
                precondition(state.reader == nil, "two readers of one inbox")
                state.reader = continuation
                return nil
            }
            if let element { continuation.resume(returning: element) }
        }
    }
}
