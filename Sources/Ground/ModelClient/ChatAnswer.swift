/// What a model answered, whole.
package struct ChatAnswer: Sendable, Hashable {
    package let text: String
    /// As the server calls it; `nil` when it does not say.
    package let model: String?
    package let ending: Ending
    /// `nil` when the server does not say.
    package let usage: TokenUsage?
    /// What the model wants done before it goes on; only when the request named tools.
    package var calls: [ChatToolCall] = []

    /// Why the model stopped.
    package enum Ending: Sendable, Hashable {
        case finished
        /// It had more to say than it may.
        case cut
    }
}

/// What an answer cost.
package struct TokenUsage: Sendable, Hashable {
    package let input: UInt64
    package let output: UInt64

    package init(input: UInt64, output: UInt64) {
        self.input = input
        self.output = output
    }
}

/// What is worth telling before an answer is whole.
package enum ChatProgress: Sendable, Hashable {
    /// More of the answer.
    case text(String)
    /// What came so far does not count; the question is put again after a pause.
    case again(attempt: Int, max: Int, after: Duration, reason: String)
}
