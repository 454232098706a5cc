import SubstratClient
import SubstratDaemon

/// Why a command did not do its work: what is said about it, and how the program ends.
struct CommandFailure: Error, Hashable, CustomStringConvertible {
    let exitCode: Int32
    /// Lower case, no full stop.
    let message: String
    let hint: String?

    var description: String { self.message }

    /// The request was understood and is refused.
    static func refused(_ message: String, hint: String? = nil) -> Self {
        Self(exitCode: 1, message: message, hint: hint)
    }

    /// The command was given something that makes no sense.
    static func usage(_ message: String, hint: String? = nil) -> Self {
        Self(exitCode: 2, message: message, hint: hint)
    }
}

extension CommandFailure {
    init(_ error: ClientError) { self = .refused(error.message, hint: error.hint) }
    init(_ error: DaemonError) { self = .refused(error.message, hint: error.hint) }
}
