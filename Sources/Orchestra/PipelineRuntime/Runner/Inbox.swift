import Synchronization

/// What waits for one loop: put in from anywhere, taken out in order by the loop alone.
///
/// It holds no more than the loop has set to work (an attempt, a question, its branches) and what people ask.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var reader: CheckedContinuation<Element, Never>?

        mutating func first() -> Element? { self.waiting.isEmpty ? nil : self.waiting.removeFirst() }
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
        if let element = self.state.withLock({ $0.first() }) { return element }
        return await withCheckedContinuation { continuation in
            let element = self.state.withLock { state -> Element? in
                if let element = state.first() { return element }
                precondition(state.reader == nil, "two readers of one inbox")
                state.reader = continuation
                return nil
            }
            if let element { continuation.resume(returning: element) }
        }
    }
}
