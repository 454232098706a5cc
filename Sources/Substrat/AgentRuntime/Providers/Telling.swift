import Synchronization

/// Who hears the words of one turn as they come; what came of the answer that is under way is known.
final class Telling: Sendable {
    private struct State {
        var partial = ""
        /// Words were told, and others come after them that are not their end.
        var wantsBreak = false
    }

    private let state = Mutex(State())
    private let ear: @Sendable (String) -> Void

    init(_ ear: @escaping @Sendable (String) -> Void) {
        self.ear = ear
    }

    func tell(_ text: String) {
        guard !text.isEmpty else { return }
        let wantsBreak = self.state.withLock { state in
            defer { state.wantsBreak = false }
            state.partial += text
            return state.wantsBreak
        }
        self.ear(wantsBreak ? "\n\n" + text : text)
    }

    /// Another answer comes, to the same prompt.
    func beginAnother() {
        self.state.withLock { state in
            state.wantsBreak = state.wantsBreak || !state.partial.isEmpty
            state.partial = ""
        }
    }

    var partial: String? {
        let partial = self.state.withLock { $0.partial }
        return partial.isEmpty ? nil : partial
    }
}
