/// Why a call that needs an answer of the server, or a file, has none.
public struct TrailsFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; more may be added.
    public struct Code: Hashable, Sendable {
        fileprivate let name: String

        /// The client does nothing: there is no usable TRAILS_INFO.
        public static let idle = Code(name: "idle")
        /// Nobody answers, or the server is not able to.
        public static let unreachable = Code(name: "unreachable")
        /// The app is neither the one that asks nor below it, or its key counts no longer.
        public static let notAuthorized = Code(name: "not_authorized")
        /// There is no such app that the caller may see.
        public static let unknownApp = Code(name: "unknown_app")
        /// The app, or one above it, was cancelled.
        public static let cancelling = Code(name: "cancelling")
        /// The context file cannot be used.
        public static let context = Code(name: "context")
        /// Anything else that the server refused.
        public static let refused = Code(name: "refused")
    }

    /// What kind of failure it is.
    public let code: Code
    /// Lower case, no full stop.
    public let message: String
    /// What to do about it.
    public let hint: String?

    public var description: String { self.hint.map { "\(self.message) (hint: \($0))" } ?? self.message }
}

extension TrailsFailure {
    init(_ error: TrailsError) {
        let code: Code =
            switch error.code {
            case .unreachable, .busy, .timeout: .unreachable
            case .notAuthorized, .revoked, .untrustedServer: .notAuthorized
            case .unknownApp: .unknownApp
            case .cancelling: .cancelling
            default: .refused
            }
        self.init(code: code, message: error.message, hint: error.hint)
    }

    static let idle = TrailsFailure(
        code: .idle, message: "this process has no usable TRAILS_INFO",
        hint: "start it with what \"trails child-info\" prints")

    static func context(_ message: String, hint: String? = nil) -> Self {
        TrailsFailure(code: .context, message: message, hint: hint)
    }
}
