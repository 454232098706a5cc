package import Vocabulary

/// What the issuer of a command signed and the server does not read, as it is kept with the command.
package struct IssuedEnvelope {
    package var issuer: Issuer
    /// The app the command was given to: for a subtree its top.
    package var target: AppID
    package var filter: JSONObject?
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp

    package init(_ command: IssuedCommand, by issuer: Issuer) {
        self.issuer = issuer
        self.target = command.target
        self.filter = command.filter
        self.issuedAt = command.issuedAt
        self.expiresAt = command.expiresAt
    }
}

extension IssuedEnvelope {
    package init(parsing bytes: [UInt8]) throws(FrameError) {
        let fields = FieldReader(try JSONValue(wire: bytes).object ?? [:])
        self.issuer = try fields.need("issuer", .record(Issuer.self))
        self.target = try fields.need("target", .id())
        self.filter = try fields.find("filter", .labels)
        self.issuedAt = try fields.need("issued_at", .moment)
        self.expiresAt = try fields.need("expires_at", .moment)
    }

    package var text: String {
        let members: JSONObject = .of(
            ("issuer", self.issuer), ("target", self.target), ("filter", self.filter), ("issued_at", self.issuedAt),
            ("expires_at", self.expiresAt))
        return JSONValue.object(members).text
    }
}
