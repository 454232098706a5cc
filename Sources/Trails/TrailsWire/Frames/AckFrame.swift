package import Vocabulary

/// `ack`: messages up to `seq` are stored for ever, or, if `isSingle`, the one with this `seq` beyond a gap.
package struct AckFrame: WireFrame {
    package static let type = "ack"

    package var appID: AppID
    package var seq: Int64
    /// `"single": true` on the wire, and left out otherwise.
    package var isSingle: Bool

    package init(appID: AppID, seq: Int64, isSingle: Bool = false) {
        self.appID = appID
        self.seq = seq
        self.isSingle = isSingle
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id()),
            seq: try fields.need("seq", .count),
            isSingle: try fields.find("single", .bool) ?? false)
    }

    package var members: JSONObject {
        .of(("app_id", self.appID), ("seq", self.seq), ("single", self.isSingle ? true : nil))
    }
}

extension AckFrame {
    private static let head = Array(#"{"typ":"ack","app_id":""#.utf8)
    private static let middle = Array(#"","seq":"#.utf8)
    private static let tail = Array("}".utf8)
    private static let singleTail = Array(#","single":true}"#.utf8)

    /// The frame without a signature. There is one for every group of messages, so it is written by hand.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(104)
        bytes += Self.head
        bytes += self.appID.description.utf8
        bytes += Self.middle
        bytes += String(self.seq).utf8
        bytes += self.isSingle ? Self.singleTail : Self.tail
        return bytes
    }
}

/// `pong_app`: the answer to `ping_app`.
package struct PongFrame: WireFrame {
    package static let type = "pong_app"

    package var appID: AppID

    package init(appID: AppID) { self.appID = appID }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(appID: try fields.need("app_id", .id()))
    }

    package var members: JSONObject { .of(("app_id", self.appID)) }
}

/// `error`: something the client sent was not taken.
package struct ErrorFrame: WireFrame {
    package static let type = "error"

    package var code: ErrorCode
    package var message: String
    package var hint: String?
    package var appID: AppID?
    package var seq: Int64?

    package init(_ code: ErrorCode, _ message: String, hint: String? = nil, appID: AppID? = nil, seq: Int64? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.appID = appID
        self.seq = seq
    }

    /// Tells a client what was wrong with what it sent.
    package init(_ error: FrameError, appID: AppID? = nil, seq: Int64? = nil) {
        self.init(error.code, error.message, hint: error.hint, appID: appID, seq: seq)
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            try fields.need("code", .word(ErrorCode.self)),
            try fields.need("message", .sentence),
            hint: try fields.find("hint", .sentence),
            appID: try fields.find("app_id", .id()),
            seq: try fields.find("seq", .count))
    }

    package var members: JSONObject {
        .of(
            ("code", self.code), ("message", self.message), ("hint", self.hint), ("app_id", self.appID),
            ("seq", self.seq))
    }
}
