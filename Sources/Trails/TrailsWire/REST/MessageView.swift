package import TrailsCore
package import Vocabulary

/// A stored message as REST shows it.
package struct MessageView: WireRecord {
    /// Orders all events of a server; what `after` and `since` take.
    package var eventID: Int64
    package var appID: AppID
    package var incarnation: Int64
    package var seq: Int64
    package var messageID: MessageID?
    package var kind: MessageKind
    /// By the app's clock.
    package var timestamp: Timestamp
    /// By the server's clock.
    package var receivedAt: Timestamp
    package var correlationID: CorrelationID?
    package var payload: JSONValue
    /// It came when the app had ended, and changed nothing.
    package var isLate: Bool
    /// It was refused; only its place is kept.
    package var isTombstone: Bool

    package init(
        eventID: Int64, appID: AppID, incarnation: Int64, seq: Int64, messageID: MessageID? = nil, kind: MessageKind,
        timestamp: Timestamp, receivedAt: Timestamp, correlationID: CorrelationID? = nil, payload: JSONValue,
        isLate: Bool = false, isTombstone: Bool = false
    ) {
        self.eventID = eventID
        self.appID = appID
        self.incarnation = incarnation
        self.seq = seq
        self.messageID = messageID
        self.kind = kind
        self.timestamp = timestamp
        self.receivedAt = receivedAt
        self.correlationID = correlationID
        self.payload = payload
        self.isLate = isLate
        self.isTombstone = isTombstone
    }
}

extension MessageView {
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            eventID: try fields.need("eventId", .count),
            appID: try fields.need("appId", .id()),
            incarnation: try fields.need("incarnation", .count),
            seq: try fields.need("seq", .count),
            messageID: try fields.find("messageId", .id()),
            kind: try fields.need("type", .word(MessageKind.self)),
            timestamp: try fields.need("timestamp", .moment),
            receivedAt: try fields.need("receivedAt", .moment),
            correlationID: try fields.find("correlationId", .id()),
            payload: fields.object["payload"] ?? .null,
            isLate: try fields.find("late", .bool) ?? false,
            isTombstone: try fields.find("tombstone", .bool) ?? false)
    }

    package var members: JSONObject {
        .of(
            ("eventId", self.eventID), ("appId", self.appID), ("incarnation", self.incarnation), ("seq", self.seq),
            ("messageId", self.messageID), ("type", self.kind), ("timestamp", self.timestamp),
            ("receivedAt", self.receivedAt), ("correlationId", self.correlationID), ("payload", self.payload),
            ("late", self.isLate), ("tombstone", self.isTombstone))
    }
}

/// Something that happened to an app, as REST shows it: `{eventId, appId, at, event}`.
package struct EventView: WireRecord {
    package var eventID: Int64
    package var appID: AppID
    package var at: Timestamp
    package var event: JSONObject

    package init(eventID: Int64, appID: AppID, at: Timestamp, event: JSONObject) {
        self.eventID = eventID
        self.appID = appID
        self.at = at
        self.event = event
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            eventID: try fields.need("eventId", .count),
            appID: try fields.need("appId", .id()),
            at: try fields.need("at", .moment),
            event: try fields.need("event", .object))
    }

    package var members: JSONObject {
        .of(("eventId", self.eventID), ("appId", self.appID), ("at", self.at), ("event", self.event))
    }
}
