package import Vocabulary

/// A command to one app, waiting to be answered (table `control_queue`).
package struct Control: Codable, Hashable, Sendable {
    /// The action that ends an app.
    package static let cancelAction = "cancel"

    package let id: CorrelationID
    /// The app it is for.
    package let app: AppID
    /// A word that only the app understands, but for "cancel".
    package let action: String
    /// JSON text; opaque.
    package let payload: String
    package let scope: Scope
    package let issuedAt: Timestamp
    /// `nil` for a cancel, which waits as long as it must.
    package let expiresAt: Timestamp?
    /// JSON text of who signed it; `nil` from the administrator.
    package let issuer: String?
    /// The cancel it is a step of.
    package let cascade: CascadeID?
    /// The command that was given, where this one is its copy for a descendant.
    package let origin: CorrelationID

    /// Whom a command is meant for.
    package enum Scope: String, Codable, CaseIterable, Hashable, Sendable {
        case node, subtree
    }

    package init(
        id: CorrelationID, app: AppID, action: String, payload: String, scope: Scope, issuedAt: Timestamp,
        expiresAt: Timestamp?, issuer: String?, cascade: CascadeID? = nil, origin: CorrelationID? = nil
    ) {
        self.id = id
        self.app = app
        self.action = action
        self.payload = payload
        self.scope = scope
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.issuer = issuer
        self.cascade = cascade
        self.origin = origin ?? id
    }

    package var isCancel: Bool { self.cascade != nil }
}

/// How an app answered a command.
package struct ControlAnswer: Codable, Hashable, Sendable {
    package let id: CorrelationID
    package let app: AppID
    package let outcome: AckOutcome
    /// JSON text.
    package let result: String?
    package let error: String?
    package let at: Timestamp
    /// It came after the answer that counts.
    package let isLate: Bool

    package init(
        id: CorrelationID, app: AppID, outcome: AckOutcome, result: String? = nil, error: String? = nil,
        at: Timestamp, isLate: Bool = false
    ) {
        self.id = id
        self.app = app
        self.outcome = outcome
        self.result = result
        self.error = error
        self.at = at
        self.isLate = isLate
    }
}
