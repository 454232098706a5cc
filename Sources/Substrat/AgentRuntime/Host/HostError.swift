package import AgentCore
package import EventLog
import Vocabulary

/// Why the host did not do what it was asked for.
package struct HostError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: Code
    package let message: String
    /// What to do, where there is something to do.
    package let hint: String?
    /// What the tree of agents said, where it did.
    let refusal: AgentRefusal?
    /// The disk may take it later.
    let isPassing: Bool

    /// The kind of failure. More may come: a `switch` over it needs a `default`.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case notFound = "not found"
            case invalid, busy, unavailable, `internal`
        }

        private let kind: Kind

        package static let notFound = Self(kind: .notFound)
        /// Asked for in this way it will never be done.
        package static let invalid = Self(kind: .invalid)
        /// The agent has a turn, or no slot came free in time.
        package static let busy = Self(kind: .busy)
        /// The host is stopping, or its disk cannot be trusted any more.
        package static let unavailable = Self(kind: .unavailable)
        package static let `internal` = Self(kind: .internal)

        package var description: String { self.kind.rawValue }
    }

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.refusal = nil
        self.isPassing = false
    }

    private init(_ code: Code, _ message: String, _ hint: String?, _ refusal: AgentRefusal?, isPassing: Bool) {
        self.code = code
        self.message = message
        self.hint = hint
        self.refusal = refusal
        self.isPassing = isPassing
    }

    package var description: String { self.message }
}

extension HostError {
    package init(_ refusal: AgentRefusal) {
        let (code, hint): (Code, String?) =
            switch refusal {
            case .unknownAgent, .unknownReference, .unknownSession: (.notFound, nil)
            case .busy: (.busy, "wait for its turn to end")
            case .suspended: (.invalid, "substrat session resume lets it go on")
            case .notSuspended: (.invalid, "it goes on by itself with its next turn")
            case .sessionState(let step) where step.from == .created:
                (.invalid, "it has had no turn yet; substrat agent gate holds an agent")
            case .sessionLives: (.invalid, "substrat agent terminate ends an agent")
            case .notAdoptable: (.invalid, "substrat session list says which are")
            case .nothingToDo(_, .gated): (.invalid, "substrat agent ungate lets it go on")
            case .quarantined: (.invalid, "substrat agent adopt gives it a place again")
            case .mustGoOn: (.busy, "if it is gated, ungate it")
            default: (.invalid, nil)
            }
        self.init(code, refusal.description, hint, refusal, isPassing: false)
    }

    package init(_ fault: LogFault) {
        let isPassing = [.file, .busy, .journalFull].contains(fault.code)
        let code: Code =
            switch fault.code {
            case .poisoned, .closed, .locked: .unavailable
            case .busy: .busy
            default: .internal
            }
        self.init(code, fault.message, fault.hint, nil, isPassing: isPassing)
    }

    static let stopping = HostError(.unavailable, "the host is stopping")
}
