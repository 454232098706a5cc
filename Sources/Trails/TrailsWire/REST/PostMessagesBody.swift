package import TrailsCore
package import Vocabulary

/// One message over REST. The client makes the identity, the server the sequence number.
package struct PostedMessage: WireRecord {
    package var messageID: MessageID
    package var kind: MessageKind
    package var timestamp: Timestamp
    package var payload: JSONValue
    package var correlationID: CorrelationID?
    package var enrolment: EnrolmentBody?

    package init(
        messageID: MessageID, kind: MessageKind, timestamp: Timestamp, payload: JSONValue,
        correlationID: CorrelationID? = nil, enrolment: EnrolmentBody? = nil
    ) {
        self.messageID = messageID
        self.kind = kind
        self.timestamp = timestamp
        self.payload = payload
        self.correlationID = correlationID
        self.enrolment = enrolment
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        guard let payload = fields.object["payload"] else {
            throw FrameError(.badMessage, field: "payload", "is missing", hint: "send null if there is none")
        }
        self.init(
            messageID: try fields.need("messageId", .id()),
            kind: try fields.need("type", .word(MessageKind.self)),
            timestamp: try fields.need("timestamp", .moment),
            payload: payload,
            correlationID: try fields.find("correlationId", .id()),
            enrolment: try fields.find("enrollment", .record(EnrolmentBody.self)))
    }

    package var members: JSONObject {
        .of(
            ("messageId", self.messageID), ("type", self.kind), ("timestamp", self.timestamp),
            ("payload", self.payload), ("correlationId", self.correlationID), ("enrollment", self.enrolment?.json))
    }
}

/// Registers a declared app in the commit of its first message over REST.
package struct EnrolmentBody: WireRecord {
    package var declaration: SignedDeclaration
    /// Over the nonce of the call and the key that signs it.
    package var enrolSignature: Signature
    package var appName: String
    package var parentID: AppID?
    package var level: SecurityLevel
    package var scheduledAt: Timestamp
    package var processInfo: ProcessFacts?

    package init(
        declaration: SignedDeclaration, enrolSignature: Signature, appName: String, processInfo: ProcessFacts? = nil
    ) {
        self.declaration = declaration
        self.enrolSignature = enrolSignature
        self.appName = appName
        self.parentID = declaration.declaration.parentID
        self.level = declaration.declaration.level
        self.scheduledAt = declaration.declaration.scheduledAt
        self.processInfo = processInfo
    }

    /// Parent, level and time are those of the declaration, whatever else the body says of them.
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            declaration: try fields.need("declaration", .record(SignedDeclaration.self)),
            enrolSignature: try fields.need("enrollSig", .signature),
            appName: try fields.need("appName", .name),
            processInfo: try fields.find("processInfo", .record(ProcessFacts.self)))
    }

    package var members: JSONObject {
        .of(
            ("declaration", self.declaration.json), ("enrollSig", self.enrolSignature), ("appName", self.appName),
            ("parentId", self.parentID ?? JSONValue.null), ("processInfo", self.processInfo?.restJSON),
            ("secLevel", self.level), ("scheduledAt", self.scheduledAt))
    }

    /// What proves that the meant child chose `key`; `nonce` and `key` are those of the call.
    package func proof(of key: PublicKey, nonce: Nonce) -> EnrolmentProof {
        EnrolmentProof(
            appID: self.declaration.declaration.appID, childKey: key, nonce: nonce, signature: self.enrolSignature)
    }
}

/// `POST /apps/{id}/messages`: one message, or several as `{messages: […]}`.
package struct PostMessagesBody: WireRecord {
    package var messages: [PostedMessage]
    /// Whether the body is one message, and the answer one receipt.
    package var isSingle: Bool

    package init(_ message: PostedMessage) {
        self.messages = [message]
        self.isSingle = true
    }

    package init(_ messages: [PostedMessage]) {
        self.messages = messages
        self.isSingle = false
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        let kind = FieldKind<[PostedMessage]>.list(.record(PostedMessage.self), countMax: WireLimits.batchMax)
        if let messages = try fields.find("messages", kind) {
            self.init(messages)
        } else {
            self.init(try PostedMessage(reading: fields))
        }
    }

    package var members: JSONObject {
        self.isSingle ? self.messages[0].members : .of(("messages", self.messages.map(\.json)))
    }
}

/// What became of a message over REST.
package struct MessageReceipt: WireRecord {
    package var seq: Int64
    package var eventID: Int64
    package var isLate: Bool
    package var status: AppStatus

    package init(seq: Int64, eventID: Int64, isLate: Bool, status: AppStatus) {
        self.seq = seq
        self.eventID = eventID
        self.isLate = isLate
        self.status = status
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            seq: try fields.need("seq", .count),
            eventID: try fields.need("eventId", .count),
            isLate: try fields.need("late", .bool),
            status: try fields.need("status", .word(AppStatus.self)))
    }

    package var members: JSONObject {
        .of(("seq", self.seq), ("eventId", self.eventID), ("late", self.isLate), ("status", self.status))
    }
}
