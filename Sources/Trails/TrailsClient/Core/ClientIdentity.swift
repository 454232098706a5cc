package import TrailsCore
package import TrailsWire
package import Vocabulary

/// An app that a client speaks for, and all it needs to prove it.
package struct ClientIdentity: Sendable {
    package let appID: AppID
    package let key: SigningKey
    package let level: SecurityLevel
    /// Pins the server; there is always one above `open`.
    package let serverKey: PublicKey?
    /// Nearest first; empty when they are not known.
    package let ancestors: [Ancestor]
    /// Whether only commands that an ancestor has signed are obeyed.
    package let requiresIssuer: Bool
    /// What is sent to register; `nil` for an app that was registered before and only comes back.
    package let registration: RegisterFrame?
    package let startDay: Int64?

    package init(
        appID: AppID, key: SigningKey, level: SecurityLevel, serverKey: PublicKey?, ancestors: [Ancestor] = [],
        requiresIssuer: Bool = false, registration: RegisterFrame?, startDay: Int64? = nil
    ) {
        precondition(level == .open || serverKey != nil, "app \(appID) has level \(level) and no server key")
        self.appID = appID
        self.key = key
        self.level = level
        self.serverKey = serverKey
        self.ancestors = ancestors
        self.requiresIssuer = requiresIssuer
        self.registration = registration
        self.startDay = startDay
    }
}
