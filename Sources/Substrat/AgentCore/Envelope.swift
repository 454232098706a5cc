package import Vocabulary

/// What a message is for.
package enum EnvelopeKind: String, CaseIterable, Hashable, Sendable {
    case request, response, notification, error

    /// Unknown kinds, and the `multicast` of old logs, are requests.
    package init(reading text: String) {
        self = Self(rawValue: text) ?? .request
    }

    /// Who is woken first, when many are to be: smaller is earlier. It orders queues and nothing else.
    package var urgency: Int {
        switch self {
        case .error: 0
        case .response: 1
        case .request: 2
        case .notification: 3
        }
    }
}

/// A message and who it is from and for.
package struct Envelope: Hashable, Sendable {
    package let id: EnvelopeID
    package let sender: AgentID
    package let recipient: AgentID
    package let kind: EnvelopeKind
    package let payload: String
    package let timestamp: Timestamp?
    package let replyTo: EnvelopeID?
    package var metadata: [String: String]

    package init(
        id: EnvelopeID, sender: AgentID, recipient: AgentID, kind: EnvelopeKind, payload: String,
        timestamp: Timestamp?, replyTo: EnvelopeID? = nil, metadata: [String: String] = [:]
    ) {
        self.id = id
        self.sender = sender
        self.recipient = recipient
        self.kind = kind
        self.payload = payload
        self.timestamp = timestamp
        self.replyTo = replyTo
        self.metadata = metadata
    }

    /// The sender waits for an answer, and gets the text of the turn if nothing else is sent to it.
    package var wantsReply: Bool { self.kind == .request && self.metadata["sync"] == "True" }
}

extension Envelope {
    var json: JSONObject {
        [
            "message_id": .string(self.id.hex), "sender": .string(self.sender.hex),
            "recipient": .string(self.recipient.hex), "kind": .string(self.kind.rawValue),
            "payload": .string(self.payload),
            "timestamp": self.timestamp.map { .string($0.logText) } ?? .null,
            "reply_to": self.replyTo.map { .string($0.hex) } ?? .null,
            "metadata": .object(.strings(self.metadata)),
        ]
    }

    /// Reads the data of `message.enqueued`; logs of SYSTEM messages may lack all that is after the payload.
    init(_ fields: Fields) throws(FieldError) {
        self.init(
            id: try fields.id("message_id"), sender: try fields.id("sender"), recipient: try fields.id("recipient"),
            kind: EnvelopeKind(reading: fields.text("kind") ?? ""), payload: try fields.needed("payload"),
            timestamp: fields.text("timestamp").flatMap(Timestamp.init), replyTo: fields.optionalID("reply_to"),
            metadata: fields.strings("metadata"))
    }
}
