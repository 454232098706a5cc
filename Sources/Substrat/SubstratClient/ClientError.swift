package import SubstratProtocol
import Vocabulary

/// Why a call did not bring its answer.
package enum ClientError: Error, Hashable, Sendable {
    /// Nobody listens.
    case notRunning(socket: String)
    case timedOut
    /// What came is nothing that a daemon says.
    case invalidResponse
    /// The daemon went away before the end of the answer: whether it did what was asked is unknown.
    case connectionLost
    /// The socket is there and cannot be used.
    case unreachable(socket: String, why: String)
    /// The daemon says no.
    case refused(RPCError)
}

extension ClientError: CustomStringConvertible {
    package var description: String { self.message }

    /// Lower case, no full stop.
    package var message: String {
        switch self {
        case .notRunning: "daemon not running"
        case .timedOut: "request timed out"
        case .invalidResponse: "invalid response from daemon"
        case .connectionLost: "the daemon ended before it answered"
        case .unreachable(let socket, let why): "cannot connect to \(socket.shownToPeople()): \(why)"
        case .refused(let error): error.message
        }
    }

    /// What to do, where there is something to do.
    package var hint: String? {
        switch self {
        case .notRunning(let socket): "nobody listens on \(socket.shownToPeople()); run \"substrat daemon start\""
        case .connectionLost: "what was asked may have been done or not"
        case .refused(let error): error.hint
        case .timedOut, .invalidResponse, .unreachable: nil
        }
    }
}
