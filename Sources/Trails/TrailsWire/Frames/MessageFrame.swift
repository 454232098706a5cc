package import TrailsCore
package import Vocabulary

/// `message`: what an app reports.
package struct MessageFrame: WireFrame {
    package static let type = "message"

    package var appID: AppID
    package var startDay: Int64?
    package var kind: MessageKind
    /// By the app's own clock.
    package var timestamp: Timestamp
    /// From 1 in each incarnation; some clients leave gaps or start at 0.
    package var seq: Int64
    package var correlationID: CorrelationID?
    package var payload: JSONValue

    package init(
        appID: AppID, startDay: Int64? = nil, kind: MessageKind, timestamp: Timestamp, seq: Int64,
        correlationID: CorrelationID? = nil, payload: JSONValue
    ) {
        self.appID = appID
        self.startDay = startDay
        self.kind = kind
        self.timestamp = timestamp
        self.seq = seq
        self.correlationID = correlationID
        self.payload = payload
    }
}

extension MessageFrame {
    package init(reading fields: FieldReader) throws(FrameError) {
        let header = try fields.need("header", .record(Header.self))
        guard let payload = fields.object["payload"] else {
            throw FrameError(.badMessage, field: "payload", "is missing", hint: "send null if there is none")
        }
        self.init(
            appID: try fields.need("app_id", .id()),
            startDay: try fields.find("start_day", .integer),
            kind: header.kind, timestamp: header.timestamp, seq: header.seq, correlationID: header.correlationID,
            payload: payload)
    }

    package var members: JSONObject {
        let header = Header(
            kind: self.kind, timestamp: self.timestamp, seq: self.seq, correlationID: self.correlationID)
        return .of(
            ("app_id", self.appID), ("start_day", self.startDay), ("header", header.json), ("payload", self.payload))
    }

    /// The inner object `header`.
    private struct Header: WireRecord {
        var kind: MessageKind
        var timestamp: Timestamp
        var seq: Int64
        var correlationID: CorrelationID?

        init(kind: MessageKind, timestamp: Timestamp, seq: Int64, correlationID: CorrelationID?) {
            self.kind = kind
            self.timestamp = timestamp
            self.seq = seq
            self.correlationID = correlationID
        }

        init(reading fields: FieldReader) throws(FrameError) {
            self.init(
                kind: try fields.need("msg_type", .word(MessageKind.self)),
                timestamp: try fields.need("timestamp", .moment),
                seq: try fields.need("seq", .count),
                correlationID: try fields.find("correlation_id", .id()))
        }

        var members: JSONObject {
            .of(
                ("msg_type", self.kind), ("timestamp", self.timestamp), ("seq", self.seq),
                ("correlation_id", self.correlationID ?? JSONValue.null))
        }
    }
}

/// `control_ack`: an app answers a command.
package struct ControlAckFrame: WireFrame {
    package static let type = "control_ack"

    package var appID: AppID
    package var correlationID: CorrelationID
    package var outcome: AckOutcome
    package var result: JSONValue?
    package var error: String?

    package init(
        appID: AppID, correlationID: CorrelationID, outcome: AckOutcome, result: JSONValue? = nil,
        error: String? = nil
    ) {
        self.appID = appID
        self.correlationID = correlationID
        self.outcome = outcome
        self.result = result
        self.error = error
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id()),
            correlationID: try fields.need("correlation_id", .id()),
            outcome: try fields.need("ack", .word(AckOutcome.self)),
            result: try fields.find("result", .any),
            error: try fields.find("error", .sentence))
    }

    package var members: JSONObject {
        .of(
            ("app_id", self.appID), ("correlation_id", self.correlationID), ("ack", self.outcome),
            ("result", self.result), ("error", self.error))
    }
}

/// `disconnect`: an app leaves, and says why.
package struct DisconnectFrame: WireFrame {
    package static let type = "disconnect"

    package var appID: AppID
    package var reason: DisconnectReason

    package init(appID: AppID, reason: DisconnectReason) {
        self.appID = appID
        self.reason = reason
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        let reason = try fields.need("reason", .text(bytesMax: WireLimits.symbolBytesMax))
        self.init(appID: try fields.need("app_id", .id()), reason: DisconnectReason(reason))
    }

    package var members: JSONObject { .of(("app_id", self.appID), ("reason", self.reason.word)) }
}

/// `ping_app`: an app is alive. Sent only where keepalive is enabled.
package struct PingFrame: WireFrame {
    package static let type = "ping_app"

    package var appID: AppID

    package init(appID: AppID) { self.appID = appID }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(appID: try fields.need("app_id", .id()))
    }

    package var members: JSONObject { .of(("app_id", self.appID)) }
}
