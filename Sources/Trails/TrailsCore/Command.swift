package import Vocabulary

extension ProcessTree {
    /// What the tree can be asked to do. Signatures are checked before; what a key may do is decided here.
    package enum Command: Hashable, Sendable {
        /// A parent (or an ancestor of it) says that a child will start.
        case declare(AppFacts, startDeadline: Duration, by: Principal)
        case register(Registration)
        /// A known app is back, with the key it has.
        case reregister(AppID, key: PublicKey?, isProven: Bool)
        case report(IncomingReport)
        case disconnect(AppID, session: Int?, signer: PublicKey?, DisconnectReason)
        /// The connection that carried `session` ended without a word.
        case dropConnection(AppID, session: Int)
        case missKeepalive(AppID, session: Int)
        /// Any other call of the app: it lives.
        case renew(AppID, key: PublicKey)
        case control(ControlRequest, by: Principal)
        case acknowledge(ControlAnswer, session: Int?, signer: PublicKey?, wasAnswered: Bool)
        case cancel(CancelRequest, by: Principal)
        /// A declaration is taken back before its app registered.
        case withdraw(AppID, by: Principal)
        case revoke(AppID, reason: String, by: Principal)
        case rekey(AppID, key: PublicKey, by: Principal)
        case bind(BindRequest, by: Principal)
        /// The server has started.
        case start(instance: String)
        /// A moment that an effect asked for has come.
        case wake(Alarm)
    }
}

/// Who asks, with the key that signed.
package enum Principal: Hashable, Sendable {
    case app(AppID, key: PublicKey)
    /// The holder of an app's recovery key.
    case recovery(AppID, key: PublicKey)
    /// The holder of the server's administrator key.
    case administrator

    /// The app that asks; `nil` is the administrator.
    package var app: AppID? {
        switch self {
        case .app(let id, _), .recovery(let id, _): id
        case .administrator: nil
        }
    }
}

/// What is to be looked at when its time has come.
package enum Alarm: Hashable, Sendable {
    case app(AppID)
    case cascade(CascadeID)
    case control(AppID, CorrelationID)
}

/// The wish of an app to be known.
package struct Registration: Hashable, Sendable {
    /// What it says of itself; where it brings a declaration, what that says.
    package var facts: AppFacts
    package var key: PublicKey?
    /// A signature by `key` over something fresh was verified.
    package var isProven: Bool
    package var enrolment: Enrolment?
    package var presence: Presence
    /// How long it may be silent, when detached.
    package var lease: Duration?
    /// JSON text.
    package var process: String?

    /// Proof that it is the child that was meant. Both signatures were verified with the keys given here.
    package struct Enrolment: Hashable, Sendable {
        /// The key that signed the declaration; `nil` when it brought none, having been declared before.
        package var declaredBy: PublicKey?
        /// The key that signed for the child's key.
        package var enrolmentKey: PublicKey

        package init(declaredBy: PublicKey?, enrolmentKey: PublicKey) {
            self.declaredBy = declaredBy
            self.enrolmentKey = enrolmentKey
        }
    }

    package init(
        facts: AppFacts, key: PublicKey?, isProven: Bool, enrolment: Enrolment? = nil, presence: Presence = .attached,
        lease: Duration? = nil, process: String? = nil
    ) {
        self.facts = facts
        self.key = key
        self.isProven = isProven
        self.enrolment = enrolment
        self.presence = presence
        self.lease = lease
        self.process = process
    }
}

/// A message that has arrived.
package struct IncomingReport: Hashable, Sendable {
    package var app: AppID
    /// The connection it came by; `nil` over REST.
    package var session: Int?
    /// The key whose signature was verified; `nil` when it had none.
    package var signer: PublicKey?
    package var kind: MessageKind
    /// `nil`: the next one (REST).
    package var seq: Int64?
    package var messageID: MessageID?
    package var timestamp: Timestamp
    package var correlation: String?
    /// JSON text in canonical key order.
    package var payload: String
    /// The message was refused for its form; only its number is to be kept.
    package var isTombstone: Bool
    /// What the store holds under this number or message id, where it was asked.
    package var stored: Report?
    /// Registers the app first, in the same record.
    package var registration: Registration?
    /// `nil` when it comes from the app itself.
    package var spool: SpoolPlace?

    package init(
        app: AppID, session: Int?, signer: PublicKey?, kind: MessageKind, seq: Int64?, messageID: MessageID? = nil,
        timestamp: Timestamp, correlation: String?, payload: String, isTombstone: Bool = false, stored: Report? = nil,
        registration: Registration? = nil, spool: SpoolPlace? = nil
    ) {
        self.app = app
        self.session = session
        self.signer = signer
        self.kind = kind
        self.seq = seq
        self.messageID = messageID
        self.timestamp = timestamp
        self.correlation = correlation
        self.payload = payload
        self.isTombstone = isTombstone
        self.stored = stored
        self.registration = registration
        self.spool = spool
    }
}

/// A command that an ancestor gives.
package struct ControlRequest: Hashable, Sendable {
    package var id: CorrelationID
    package var target: AppID
    package var action: String
    package var payload: String
    package var scope: Control.Scope
    /// For a subtree: who of it, by identifier; `nil` is all. The shell matches the tags.
    package var only: Set<AppID>?
    package var timeToLive: Duration?
    package var issuedAt: Timestamp
    package var issuer: String?

    package init(
        id: CorrelationID, target: AppID, action: String, payload: String, scope: Control.Scope = .node,
        only: Set<AppID>? = nil, timeToLive: Duration? = nil, issuedAt: Timestamp, issuer: String? = nil
    ) {
        self.id = id
        self.target = target
        self.action = action
        self.payload = payload
        self.scope = scope
        self.only = only
        self.timeToLive = timeToLive
        self.issuedAt = issuedAt
        self.issuer = issuer
    }
}

/// A cancel that an ancestor, or the app itself, gives.
package struct CancelRequest: Hashable, Sendable {
    package var id: CascadeID
    package var target: AppID
    package var isDeep: Bool
    package var reason: String
    /// What the apps are told: JSON text of what the issuer signed.
    package var payload: String
    package var grace: Duration?
    package var issuer: String?

    package init(
        id: CascadeID, target: AppID, isDeep: Bool, reason: String, payload: String = "{}", grace: Duration? = nil,
        issuer: String? = nil
    ) {
        self.id = id
        self.target = target
        self.isDeep = isDeep
        self.reason = reason
        self.payload = payload
        self.grace = grace
        self.issuer = issuer
    }
}
