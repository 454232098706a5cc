package import TrailsWire
package import Vocabulary

/// Who makes a call, and the key that proves it.
package struct Credentials: Hashable, Sendable {
    package let caller: RESTCaller
    package let key: SigningKey

    package init(app: AppID, key: SigningKey) {
        self.caller = .app(app)
        self.key = key
    }

    /// The holder of the server's admin key.
    package init(adminKey: SigningKey) {
        self.caller = .admin
        self.key = adminKey
    }

    /// `nil` for the admin.
    package var app: AppID? {
        if case .app(let app) = self.caller { app } else { nil }
    }
}
