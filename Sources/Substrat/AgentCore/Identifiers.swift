package import Vocabulary

/// Names an agent: a node of the tree of agents.
package typealias AgentID = Identifier<AgentKind>
/// What an `AgentID` names.
package enum AgentKind {}

/// Names a session, which is the conversation of one agent, and the folder with its log.
package typealias SessionID = Identifier<SessionKind>
/// What a `SessionID` names.
package enum SessionKind {}

/// Names one message from one agent to another.
package typealias EnvelopeID = Identifier<EnvelopeName>
/// What an `EnvelopeID` names.
package enum EnvelopeName {}

/// Names a reminder that an agent has set for itself.
package typealias ReminderID = Identifier<ReminderKind>
/// What a `ReminderID` names.
package enum ReminderKind {}

/// Names a subscription of one agent to the states of another.
package typealias SubscriptionID = Identifier<SubscriptionKind>
/// What a `SubscriptionID` names.
package enum SubscriptionKind {}

extension AgentID {
    /// The daemon itself, as a sender.
    package static var system: Self { Self(high: 0, low: 0) }
    /// The operator, as a sender and as a recipient.
    package static var user: Self { Self(high: 0, low: 1) }
    /// Whether this is nobody in the tree: the daemon or the operator.
    package var isSentinel: Bool { self == .system || self == .user }
}

extension Identifier {
    /// 32 lower-case hex digits without hyphens, as in logs and folder names.
    package var hex: String { Hex.encode(self.bytes) }

    /// Reads 32 hex digits or the form 8-4-4-4-12; `nil` for anything else.
    package init?(hexOrDashed text: String) {
        if text.utf8.count == 36 {
            self.init(text)
        } else {
            guard text.utf8.count == 32, let bytes = Hex.decode(text) else { return nil }
            self.init(bytes: bytes)
        }
    }
}

/// Which log an event is in: that of a session, or that of the operator's inbox.
package enum LogName: Hashable, Sendable {
    case session(SessionID)
    case user

    /// The name of its folder under `agents/`.
    package var folder: String {
        switch self {
        case .session(let id): id.hex
        case .user: "user"
        }
    }

    /// Reads the name of a folder; `nil` for one that is no log.
    package init?(folder: String) {
        if folder == "user" {
            self = .user
        } else {
            guard folder.utf8.count == 32, let id = SessionID(hexOrDashed: folder) else { return nil }
            self = .session(id)
        }
    }

    /// The session whose log it is; `nil` for the operator's.
    package var session: SessionID? {
        if case .session(let id) = self { id } else { nil }
    }
}

extension LogName: Comparable, CustomStringConvertible {
    package var description: String { self.folder }
    package static func < (left: Self, right: Self) -> Bool { left.folder < right.folder }
}
