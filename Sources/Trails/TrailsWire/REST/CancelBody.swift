package import Vocabulary

/// `POST /apps/{id}/cancel`: ends an app, and with `?cascade=true` all below it.
package struct CancelBody: WireRecord {
    /// The action of the command that a cancel is.
    package static let action = "cancel"

    package var cascadeID: CascadeID
    package var reason: String?
    /// How long each level has to answer.
    package var grace: Duration?
    package var issuedAt: Timestamp?
    package var expiresAt: Timestamp?
    package var issuer: Issuer?

    package init(
        cascadeID: CascadeID, reason: String? = nil, grace: Duration? = nil, issuedAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil, issuer: Issuer? = nil
    ) {
        self.cascadeID = cascadeID
        self.reason = reason
        self.grace = grace
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.issuer = issuer
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            cascadeID: try fields.need("cascadeId", .id()),
            reason: try fields.find("reason", .sentence),
            grace: try fields.find("grace", .seconds),
            issuedAt: try fields.find("issuedAt", .moment),
            expiresAt: try fields.find("expiresAt", .moment),
            issuer: try fields.find("issuer", .record(Issuer.self)))
        guard self.issuer == nil || (self.issuedAt != nil && self.expiresAt != nil) else {
            throw FrameError(.badMessage, field: "issuer", "is there without issuedAt and expiresAt, which it signed")
        }
    }

    package var members: JSONObject {
        .of(
            ("cascadeId", self.cascadeID), ("reason", self.reason), ("grace", self.grace),
            ("issuedAt", self.issuedAt), ("expiresAt", self.expiresAt), ("issuer", self.issuer))
    }
}

extension CancelBody {
    /// The command that this cancel is for each app, and that its issuer signs: action `cancel`, the cascade's
    /// identity, payload `{reason?, grace?}` (seconds). `nil` when the body says no times, so there is no issuer.
    package func command(to target: AppID, cascade: Bool) -> IssuedCommand? {
        guard let issuedAt = self.issuedAt, let expiresAt = self.expiresAt else { return nil }
        return IssuedCommand(
            target: target, scope: cascade ? .subtree : .node, action: Self.action,
            correlationID: CorrelationID(high: self.cascadeID.high, low: self.cascadeID.low),
            payload: self.payload, issuedAt: issuedAt, expiresAt: expiresAt)
    }

    /// What the apps are told; signed by the issuer, so passed on unchanged.
    package var payload: JSONValue { .object(.of(("reason", self.reason), ("grace", self.grace))) }
}

/// `POST /apps/{id}/disconnect`: an app without a socket leaves.
package struct DisconnectBody: WireRecord {
    package var reason: String

    package init(reason: String) { self.reason = reason }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(reason: try fields.need("reason", .symbol))
    }

    package var members: JSONObject { .of(("reason", self.reason)) }
}

/// `POST /admin/revocations`: the key of an app must not be obeyed any more.
package struct RevokeBody: WireRecord {
    package var appID: AppID
    package var reason: String?

    package init(appID: AppID, reason: String? = nil) {
        self.appID = appID
        self.reason = reason
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(appID: try fields.need("appId", .id()), reason: try fields.find("reason", .sentence))
    }

    package var members: JSONObject { .of(("appId", self.appID), ("reason", self.reason)) }
}
