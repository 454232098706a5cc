import TrailsClient
import TrailsContexts

/// Why a command did not do its work: what is said about it, and how the program ends.
struct CommandFailure: Error, Hashable {
    let exitCode: Int32
    /// Lower case, no full stop.
    let message: String
    let hint: String?

    init(_ exitCode: Int32, _ message: String, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    /// The command was given something that makes no sense.
    static func usage(_ message: String, hint: String? = nil) -> Self { Self(64, message, hint: hint) }

    init(_ error: TrailsError) {
        self.init(error.exitCode, error.message, hint: error.hint)
    }

    init(_ error: ContextError) {
        self.init(Self.exitCode(of: error.code), error.message, hint: error.hint)
    }

    private static func exitCode(of code: ContextError.Code) -> Int32 {
        switch code {
        case .wrongPassphrase, .unsafe: 77
        case .broken, .keyMismatch: 78
        case .busy: 75
        case .file: 74
        case .tooLarge: 65
        default: 64
        }
    }

    /// `nil` for an error of another kind.
    init?(wrapping error: any Error) {
        switch error {
        case let error as TrailsError: self.init(error)
        case let error as ContextError: self.init(error)
        default: return nil
        }
    }
}
