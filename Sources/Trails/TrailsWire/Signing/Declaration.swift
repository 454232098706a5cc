package import TrailsCore
package import Vocabulary

/// What a parent says of a child it is about to start (spec/trails.md §2). In snake_case everywhere, also in REST.
package struct Declaration: WireRecord {
    package let appID: AppID
    package let parentID: AppID?
    /// The key whose seed only the meant child has.
    package let enrolKey: PublicKey
    package let level: SecurityLevel
    package let roleRefs: [String]
    package let startDeadline: Duration
    package let scheduledAt: Timestamp
    package let serverKey: PublicKey

    package init(
        appID: AppID, parentID: AppID?, enrolKey: PublicKey, level: SecurityLevel, roleRefs: [String] = [],
        startDeadline: Duration = WireLimits.startDeadlineDefault, scheduledAt: Timestamp, serverKey: PublicKey
    ) {
        self.appID = appID
        self.parentID = parentID
        self.enrolKey = enrolKey
        self.level = level
        self.roleRefs = roleRefs
        self.startDeadline = startDeadline
        self.scheduledAt = scheduledAt
        self.serverKey = serverKey
    }
}

extension Declaration {
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id4()),
            parentID: try fields.find("parent_id", .id()),
            enrolKey: try fields.need("enroll_pub", .publicKey),
            level: try fields.need("sec_level", .word(SecurityLevel.self)),
            roleRefs: try fields.find("role_refs", .symbols) ?? [],
            startDeadline: try fields.find("start_deadline", .startDeadline) ?? WireLimits.startDeadlineDefault,
            scheduledAt: try fields.need("scheduled_at", .moment),
            serverKey: try fields.need("server_pub_key", .publicKey))
    }

    package var members: JSONObject {
        .of(
            ("app_id", self.appID), ("parent_id", self.parentID ?? JSONValue.null), ("enroll_pub", self.enrolKey),
            ("sec_level", self.level), ("role_refs", self.roleRefs), ("start_deadline", self.startDeadline),
            ("scheduled_at", self.scheduledAt), ("server_pub_key", self.serverKey))
    }

    package func signed(by key: SigningKey) throws(FrameError) -> SignedDeclaration {
        let context = SigningContext(audience: self.serverKey)
        return SignedDeclaration(
            self, signature: try context.sign(SignedDeclaration.type, self.members, with: key))
    }
}

extension FieldKind<Duration> {
    static let startDeadline = Self.seconds(in: 1...WireLimits.startDeadlineMax)
}

/// A declaration with the parent's signature as `sig`, and every member it came with.
package struct SignedDeclaration: WireRecord {
    package static let type = "declare"

    package let declaration: Declaration
    package let signature: Signature
    /// All that was signed, members we do not know too.
    package let members: JSONObject

    package init(_ declaration: Declaration, signature: Signature) {
        self.init(declaration, declaration.members, signature: signature)
    }

    init(_ declaration: Declaration, _ signedMembers: JSONObject, signature: Signature) {
        var members = signedMembers
        members["sig"] = signature.wireValue
        self.declaration = declaration
        self.signature = signature
        self.members = members
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.declaration = try Declaration(reading: fields)
        self.signature = try fields.need("sig", .signature)
        self.members = fields.object
    }

    /// Whether the holder of the verifier's key (the parent, or an ancestor of it) declared this for this server.
    package func isSigned(by verifier: Verifier, for serverKey: PublicKey) -> Bool {
        guard self.declaration.serverKey == serverKey else { return false }
        return SigningContext(audience: serverKey)
            .accepts(self.signature, on: Self.type, self.members, by: verifier)
    }
}
