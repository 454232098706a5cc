package import Vocabulary

/// A message that a dead app has left on disk, and under which number it was sent, perhaps.
package struct SpooledPost: WireRecord {
    /// What the app's client noted when it sent the message; no signature is over it.
    package struct Number: Hashable, Sendable {
        package let incarnation: Int64
        package let seq: Int64

        package init(incarnation: Int64, seq: Int64) {
            self.incarnation = incarnation
            self.seq = seq
        }
    }

    package var message: SpooledMessage
    /// `nil` when it was never sent.
    package var number: Number?

    package init(message: SpooledMessage, number: Number? = nil) {
        self.message = message
        self.number = number
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        let message = try SpooledMessage(reading: fields)
        guard let seq = try fields.find("seq", .count) else {
            self.init(message: message)
            return
        }
        self.init(message: message, number: Number(incarnation: try fields.need("incarnation", .count), seq: seq))
    }

    package var members: JSONObject {
        self.message.members.filled(
            from: .of(("incarnation", self.number?.incarnation), ("seq", self.number?.seq)))
    }
}

/// How an app registers, as its spool has it: the register frame, signed outside any session.
package struct SpooledRegistration: WireRecord {
    package let frame: RegisterFrame
    package let signature: Signature?
    /// All that the signature is over.
    package let members: JSONObject

    package init(reading fields: FieldReader) throws(FrameError) {
        self.frame = try RegisterFrame(reading: fields)
        self.signature = try fields.find("sig", .signature)
        self.members = fields.object
    }

    /// Whether the holder of the key that it names said this to this server.
    package func isSigned(for serverKey: PublicKey) -> Bool {
        guard let signature = self.signature, let key = self.frame.childKey else { return false }
        return SigningContext(audience: serverKey)
            .accepts(signature, on: RegisterFrame.type, self.members, by: Verifier(key))
    }
}

/// `POST /spool`: one message, or several as `{messages: […], registers: […]}`.
package struct SpoolBody: WireRecord {
    package var messages: [SpooledPost]
    /// Of the apps that may never have registered.
    package var registers: [SpooledRegistration]

    package init(messages: [SpooledPost], registers: [SpooledRegistration] = []) {
        self.messages = messages
        self.registers = registers
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        let kind = FieldKind<[SpooledPost]>.list(.record(SpooledPost.self), countMax: WireLimits.batchMax)
        guard let messages = try fields.find("messages", kind) else {
            self.init(messages: [try SpooledPost(reading: fields)])
            return
        }
        let lines = try fields.find("registers", .list(.object, countMax: WireLimits.batchMax)) ?? []
        // That of an app which had registered before has no name, and is of no use.
        self.init(messages: messages, registers: lines.compactMap { try? SpooledRegistration(json: .object($0)) })
    }

    package var members: JSONObject {
        .of(
            ("registers", self.registers.isEmpty ? nil : self.registers.map(\.json)),
            ("messages", self.messages.map(\.json)))
    }
}

/// What became of a message from a spool.
package struct SpoolReceipt: WireRecord {
    package enum Outcome: Hashable, Sendable {
        case stored(MessageReceipt)
        /// It had been stored before.
        case duplicate(MessageReceipt)
        case refused(ErrorCode, message: String, hint: String?)
    }

    package var messageID: MessageID
    package var outcome: Outcome

    package init(messageID: MessageID, outcome: Outcome) {
        self.messageID = messageID
        self.outcome = outcome
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.messageID = try fields.need("messageId", .id())
        switch try fields.need("outcome", .symbol) {
        case "stored": self.outcome = .stored(try MessageReceipt(reading: fields))
        case "duplicate": self.outcome = .duplicate(try MessageReceipt(reading: fields))
        case "refused":
            self.outcome = .refused(
                try fields.need("code", .word(ErrorCode.self)), message: try fields.find("message", .shown) ?? "",
                hint: try fields.find("hint", .shown))
        case let other: throw FrameError(.badMessage, field: "outcome", "is none known here: \(other.prefix(40))")
        }
    }

    package var members: JSONObject {
        let id = ("messageId", self.messageID)
        return switch self.outcome {
        case .stored(let receipt): .of(id, ("outcome", "stored")).filled(from: receipt.members)
        case .duplicate(let receipt): .of(id, ("outcome", "duplicate")).filled(from: receipt.members)
        case .refused(let code, let message, let hint):
            .of(id, ("outcome", "refused"), ("code", code), ("message", message), ("hint", hint))
        }
    }
}
