/// Why a model gave no answer.
package struct ChatError: Error, Sendable, Hashable, CustomStringConvertible {
    package let code: Code
    package let message: String
    /// What to do about it.
    package let hint: String
    /// How long the server asks to be left alone.
    package var retryAfter: Duration?

    init(_ code: Code, _ message: String, hint: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.retryAfter = retryAfter
    }

    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Name: String {
            case unreachable, busy, refused, failed, notAChat, broken, cut, tooLarge, silent, cancelled
        }
        private let name: Name

        /// No connection, or none that can be trusted.
        package static let unreachable = Self(name: .unreachable)
        /// It has too much to do just now.
        package static let busy = Self(name: .busy)
        /// It does not want this request, now or later.
        package static let refused = Self(name: .refused)
        package static let failed = Self(name: .failed)
        /// What answers is no chat server.
        package static let notAChat = Self(name: .notAChat)
        /// The answer cannot be read.
        package static let broken = Self(name: .broken)
        /// The answer ended in the middle.
        package static let cut = Self(name: .cut)
        package static let tooLarge = Self(name: .tooLarge)
        /// Nothing came for too long.
        package static let silent = Self(name: .silent)
        package static let cancelled = Self(name: .cancelled)

        package var description: String { self.name.rawValue }
    }

    package var description: String { "\(self.message) (\(self.hint))" }

    /// Whether the same request could end otherwise another time.
    package var isRetryable: Bool { ![.refused, .notAChat, .tooLarge].contains(self.code) }
}

extension ChatError {
    package static let cancelled = Self(.cancelled, "the request was cancelled", hint: "it may be made again")

    static func broken(_ what: String) -> Self {
        Self(.broken, "the answer cannot be read: \(what)", hint: "does the server stream answers in OpenAI's form?")
    }

    static func tooLarge(_ what: String) -> Self {
        Self(.tooLarge, what, hint: "ask for less at once, or set max_tokens")
    }

    static let cut = Self(
        .cut, "the connection was closed in the middle of the answer",
        hint: "the server, or something before it, gave up: look into its log")
}
