package import TrailsWire

/// Why something that needs the server was not done: what happened, what to do about it, and how a command exits.
package struct TrailsError: Error, Sendable {
    /// The kind of failure; more may be added.
    package struct Code: Hashable, Sendable {
        fileprivate enum Name: String {
            case usage, data, unknownApp, unreachable, busy, notAuthorized, revoked, untrustedServer, cancelling
            case timeout, conflict, configuration, serverError
        }
        fileprivate let name: Name

        /// The command was given something that makes no sense.
        package static let usage = Code(name: .usage)
        /// What was sent is not taken.
        package static let data = Code(name: .data)
        /// There is no such app, or none that the caller may see.
        package static let unknownApp = Code(name: .unknownApp)
        /// Nobody answers, or the server is not able to.
        package static let unreachable = Code(name: .unreachable)
        /// The server has too much to do for this caller.
        package static let busy = Code(name: .busy)
        package static let notAuthorized = Code(name: .notAuthorized)
        /// The key was revoked.
        package static let revoked = Code(name: .revoked)
        /// Who answers is not the server that was pinned.
        package static let untrustedServer = Code(name: .untrustedServer)
        /// The app, or one above it, was cancelled.
        package static let cancelling = Code(name: .cancelling)
        package static let timeout = Code(name: .timeout)
        /// The same identity is known with other content.
        package static let conflict = Code(name: .conflict)
        /// A file of this user cannot be used.
        package static let configuration = Code(name: .configuration)
        /// The server answered something that is no answer.
        package static let serverError = Code(name: .serverError)
    }

    package let code: Code
    /// What happened to which thing, lower case, no full stop.
    package let message: String
    /// What to do about it.
    package let hint: String?
    /// What the server said, where it said something.
    package let problem: Problem?

    package init(_ code: Code, _ message: String, hint: String? = nil, problem: Problem? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.problem = problem
    }
}

extension TrailsError {
    /// How a command that failed with this ends (spec/trails.md §6; beyond it the numbers of sysexits.h).
    package var exitCode: Int32 {
        switch self.code.name {
        case .timeout: 3
        case .cancelling: 4
        case .usage, .unknownApp: 64
        case .data, .conflict: 65
        case .unreachable: 69
        case .serverError: 70
        case .busy: 75
        case .notAuthorized, .revoked, .untrustedServer: 77
        case .configuration: 78
        }
    }

    /// Whether the same request, signed anew, may succeed a moment later.
    package var isTemporary: Bool { self.code == .unreachable || self.code == .busy }
}

extension TrailsError: CustomStringConvertible {
    package var description: String { self.hint.map { "\(self.message) (hint: \($0))" } ?? self.message }
}

extension TrailsError {
    /// Tells what the server refused.
    package init(refused problem: Problem) {
        let text = problem.detail.isEmpty ? problem.title : problem.detail
        let hint = problem.hint ?? Self.hint(for: problem.code)
        self.init(Self.code(of: problem.code), text, hint: hint, problem: problem)
    }

    private static func code(of code: ErrorCode) -> Code {
        switch code {
        case .unknownApp: .unknownApp
        case .notAuthorized, .badSignature, .keyMismatch, .replayed, .stale: .notAuthorized
        case .revoked: .revoked
        case .cancelling: .cancelling
        case .conflict, .superseded: .conflict
        case .badMessage, .tooLarge: .data
        case .rateLimited, .queueFull: .busy
        case .storeUnavailable, .serverDraining: .unreachable
        case .unsupportedVersion: .serverError
        }
    }

    private static func hint(for code: ErrorCode) -> String? {
        switch code {
        case .unknownApp: "see \"trails tree\" for the apps under your root"
        case .notAuthorized: "only an ancestor of an app may read or command it: \"trails whoami\" says who you are"
        case .badSignature, .keyMismatch: "the key is not that of the app, or of another server: see \"trails whoami\""
        case .stale: "set the clock of this machine right"
        case .revoked: "an ancestor or the recovery code can give the app a new key: \"trails context rekey\""
        case .cancelling: "the work should end here"
        case .unsupportedVersion: "install the version of trails that belongs to the server"
        case .storeUnavailable, .serverDraining, .rateLimited, .queueFull: "try again in a moment"
        case .replayed, .conflict, .superseded, .badMessage, .tooLarge: nil
        }
    }

    static func unreachable(_ endpoint: ServerEndpoint, _ what: String) -> Self {
        Self(
            .unreachable, "cannot reach the server \(endpoint): \(what)",
            hint: "is trailsd running there? \"trails whoami\" says where this address comes from")
    }

    static func notAnAnswer(_ endpoint: ServerEndpoint, _ what: String) -> Self {
        Self(.serverError, "\(endpoint) answered what is no answer: \(what)", hint: "is it a trailsd, of this version?")
    }

    static func untrusted(_ endpoint: ServerEndpoint, _ what: String) -> Self {
        Self(
            .untrustedServer, "\(endpoint) is not the server that is trusted: \(what)",
            hint: "if its key was changed on purpose, take the new one with \"trails context pin\"")
    }
}
