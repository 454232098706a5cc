package import TrailsCore
package import Vocabulary

/// `POST /apps`: an app without a socket registers; the call is signed with the app's own key.
package struct RegisterAppBody: WireRecord {
    package static let presence = "detached"

    package var appID: AppID
    package var parentID: AppID?
    package var appName: String
    package var childKey: PublicKey
    package var lease: Duration
    package var isPermanentRoot: Bool
    package var recoveryKey: PublicKey?
    package var level: SecurityLevel
    package var scheduledAt: Timestamp
    package var tags: JSONObject
    package var roleRefs: [String]
    package var processInfo: ProcessFacts?
    package var declaration: SignedDeclaration?
    /// Over the nonce of the call.
    package var enrolSignature: Signature?

    package init(
        appID: AppID, parentID: AppID?, appName: String, childKey: PublicKey, lease: Duration,
        isPermanentRoot: Bool = false, recoveryKey: PublicKey? = nil, level: SecurityLevel, scheduledAt: Timestamp,
        tags: JSONObject = [:], roleRefs: [String] = [], processInfo: ProcessFacts? = nil,
        declaration: SignedDeclaration? = nil, enrolSignature: Signature? = nil
    ) {
        self.appID = appID
        self.parentID = parentID
        self.appName = appName
        self.childKey = childKey
        self.lease = lease
        self.isPermanentRoot = isPermanentRoot
        self.recoveryKey = recoveryKey
        self.level = level
        self.scheduledAt = scheduledAt
        self.tags = tags
        self.roleRefs = roleRefs
        self.processInfo = processInfo
        self.declaration = declaration
        self.enrolSignature = enrolSignature
    }
}

extension RegisterAppBody {
    package init(reading fields: FieldReader) throws(FrameError) {
        let presence = try fields.need("presence", .symbol)
        guard presence == Self.presence else {
            throw FrameError(
                .badMessage, field: "presence", "is not \"\(Self.presence)\"", hint: "register over a socket instead")
        }
        self.init(
            appID: try fields.need("appId", .id4()),
            parentID: try fields.find("parentId", .id4()),
            appName: try fields.need("appName", .name),
            childKey: try fields.need("childPubKey", .publicKey),
            lease: try fields.need("lease", .seconds(in: 1...WireLimits.secondsMax)),
            isPermanentRoot: try fields.find("permanentRoot", .bool) ?? false,
            recoveryKey: try fields.find("recoveryPubKey", .publicKey),
            level: try fields.need("secLevel", .word(SecurityLevel.self)),
            scheduledAt: try fields.need("scheduledAt", .moment),
            tags: try fields.find("tags", .labels) ?? [:],
            roleRefs: try fields.find("roleRefs", .symbols) ?? [],
            processInfo: try fields.find("processInfo", .record(ProcessFacts.self)),
            declaration: try fields.find("declaration", .record(SignedDeclaration.self)),
            enrolSignature: try fields.find("enrollSig", .signature))
    }

    package var members: JSONObject {
        .of(
            ("appId", self.appID), ("parentId", self.parentID ?? JSONValue.null), ("appName", self.appName),
            ("childPubKey", self.childKey), ("presence", Self.presence), ("lease", self.lease),
            ("permanentRoot", self.isPermanentRoot), ("recoveryPubKey", self.recoveryKey), ("secLevel", self.level),
            ("scheduledAt", self.scheduledAt), ("tags", self.tags.isEmpty ? nil : self.tags),
            ("roleRefs", self.roleRefs.isEmpty ? nil : self.roleRefs), ("processInfo", self.processInfo?.restJSON),
            ("declaration", self.declaration?.json), ("enrollSig", self.enrolSignature))
    }

    /// What proves that the meant child chose its key; `nonce` is that of the call.
    package func enrolmentProof(nonce: Nonce) -> EnrolmentProof? {
        self.enrolSignature.map {
            EnrolmentProof(appID: self.appID, childKey: self.childKey, nonce: nonce, signature: $0)
        }
    }
}

/// The answer to `POST /apps`: `{app, registered}`.
package struct RegisteredAppView: WireRecord {
    package var app: AppView
    package var incarnation: Int64
    package var sessionEpoch: Int64
    package var lastSeq: Int64
    package var serverInstance: String

    package init(app: AppView, serverInstance: String) {
        self.app = app
        self.incarnation = app.incarnation
        self.sessionEpoch = app.sessionEpoch
        self.lastSeq = app.lastSeq
        self.serverInstance = serverInstance
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        let registered = FieldReader(try fields.need("registered", .object))
        self.init(
            app: try fields.need("app", .record(AppView.self)),
            serverInstance: try registered.need("serverInstance", .symbol))
        self.incarnation = try registered.need("incarnation", .count)
        self.sessionEpoch = try registered.need("sessionEpoch", .count)
        self.lastSeq = try registered.need("lastSeq", .count)
    }

    package var members: JSONObject {
        let registered = JSONObject.of(
            ("incarnation", self.incarnation), ("sessionEpoch", self.sessionEpoch), ("status", self.app.status),
            ("lastSeq", self.lastSeq), ("serverInstance", self.serverInstance))
        return .of(("app", self.app.json), ("registered", registered))
    }
}
