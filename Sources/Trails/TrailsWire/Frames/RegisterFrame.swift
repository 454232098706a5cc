package import TrailsCore
package import Vocabulary

/// `register`: an app says that it is there.
package struct RegisterFrame: WireFrame {
    package static let type = "register"

    package var appID: AppID
    package var parentID: AppID?
    package var appName: String
    /// `nil` when the client sent none that can be read: enough at `open`, for nothing else.
    package var childKey: PublicKey?
    package var startDay: Int64?
    package var level: SecurityLevel?
    package var scheduledAt: Timestamp?
    package var processInfo: ProcessFacts?
    package var roleRefs: [String]
    package var tags: JSONObject
    package var capabilities: [String]
    package var declaration: SignedDeclaration?
    package var enrolSignature: Signature?
    /// Made by the client; what `enroll_sig` is over.
    package var nonce: Nonce?
    package var childEphemeral: EphemeralKey?

    package init(
        appID: AppID, parentID: AppID?, appName: String, childKey: PublicKey?, startDay: Int64? = nil,
        level: SecurityLevel? = nil, scheduledAt: Timestamp? = nil, processInfo: ProcessFacts? = nil,
        roleRefs: [String] = [], tags: JSONObject = [:], capabilities: [String] = [],
        declaration: SignedDeclaration? = nil, enrolSignature: Signature? = nil, nonce: Nonce? = nil,
        childEphemeral: EphemeralKey? = nil
    ) {
        self.appID = appID
        self.parentID = parentID
        self.appName = appName
        self.childKey = childKey
        self.startDay = startDay
        self.level = level
        self.scheduledAt = scheduledAt
        self.processInfo = processInfo
        self.roleRefs = roleRefs
        self.tags = tags
        self.capabilities = capabilities
        self.declaration = declaration
        self.enrolSignature = enrolSignature
        self.nonce = nonce
        self.childEphemeral = childEphemeral
    }
}

extension RegisterFrame {
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id4()),
            parentID: try fields.find("parent_id", .id4()),
            appName: try fields.need("app_name", .name),
            childKey: fields.usableKey("child_pub_key"),
            startDay: try fields.find("start_day", .integer),
            level: try fields.find("sec_level", .word(SecurityLevel.self)),
            scheduledAt: try fields.find("scheduled_at", .moment),
            processInfo: try fields.find("process_info", .record(ProcessFacts.self)),
            roleRefs: try fields.find("role_refs", .symbols) ?? [],
            tags: try fields.find("tags", .labels) ?? [:],
            capabilities: try fields.find("capabilities", .symbols) ?? [],
            declaration: try fields.find("declaration", .record(SignedDeclaration.self)),
            enrolSignature: try fields.find("enroll_sig", .signature),
            nonce: try fields.find("nonce", .nonce),
            childEphemeral: try fields.find("child_ephemeral", .ephemeralKey))
    }

    package var members: JSONObject {
        .of(
            ("app_id", self.appID), ("parent_id", self.parentID ?? JSONValue.null), ("app_name", self.appName),
            ("child_pub_key", self.childKey ?? JSONValue.null), ("start_day", self.startDay),
            ("sec_level", self.level), ("scheduled_at", self.scheduledAt), ("process_info", self.processInfo?.json),
            ("role_refs", self.roleRefs), ("tags", self.tags.isEmpty ? nil : self.tags),
            ("capabilities", self.capabilities.isEmpty ? nil : self.capabilities),
            ("declaration", self.declaration?.json), ("enroll_sig", self.enrolSignature), ("nonce", self.nonce),
            ("child_ephemeral", self.childEphemeral))
    }

    /// What proves that the meant child chose its key; `nil` unless the frame holds all of it.
    package var enrolmentProof: EnrolmentProof? {
        guard let key = self.childKey, let nonce = self.nonce, let signature = self.enrolSignature else { return nil }
        return EnrolmentProof(appID: self.appID, childKey: key, nonce: nonce, signature: signature)
    }
}

/// `re_register`: an app is back, with the key it had.
package struct ReRegisterFrame: WireFrame {
    package static let type = "re_register"

    package var appID: AppID
    /// The last message the client knows to be stored; some clients always say 0.
    package var lastSeq: Int64
    /// `nil` when the client sent none that can be read.
    package var publicKey: PublicKey?
    package var childEphemeral: EphemeralKey?

    package init(appID: AppID, lastSeq: Int64, publicKey: PublicKey?, childEphemeral: EphemeralKey? = nil) {
        self.appID = appID
        self.lastSeq = lastSeq
        self.publicKey = publicKey
        self.childEphemeral = childEphemeral
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id()),
            lastSeq: try fields.find("last_seq", .count) ?? 0,
            publicKey: fields.usableKey("pub_key"),
            childEphemeral: try fields.find("child_ephemeral", .ephemeralKey))
    }

    package var members: JSONObject {
        .of(
            ("app_id", self.appID), ("last_seq", self.lastSeq), ("pub_key", self.publicKey ?? JSONValue.null),
            ("child_ephemeral", self.childEphemeral))
    }
}

/// `challenge_response`: an app proves its key. `sig` is over a `ChallengeProof`, not over this frame.
package struct ChallengeResponseFrame: WireFrame {
    package static let type = "challenge_response"

    package var appID: AppID

    package init(appID: AppID) { self.appID = appID }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(appID: try fields.need("app_id", .id()))
    }

    package var members: JSONObject { .of(("app_id", self.appID)) }

    /// The bytes of the frame with the signature over `proof`.
    package static func encoded(
        _ proof: ChallengeProof, for serverKey: PublicKey, with key: SigningKey
    ) throws(FrameError) -> [UInt8] {
        let signature = try proof.sign(for: serverKey, with: key)
        return JSONValue.object(.of(("typ", Self.type), ("app_id", proof.appID), ("sig", signature))).utf8
    }
}

extension FieldReader {
    /// A key that can be read and used; anything else is none, for at `open` clients send what they like.
    fileprivate func usableKey(_ name: String) -> PublicKey? {
        (try? self.find(name, .publicKey)).flatMap(\.self)
    }
}
