package import TrailsCore
package import Vocabulary

/// `registered`: the answer to an accepted register or re_register.
package struct RegisteredFrame: WireFrame {
    package static let type = "registered"

    package var appID: AppID
    package var status: AppStatus
    package var incarnation: Int64
    package var sessionEpoch: Int64
    /// All messages of this incarnation up to here are stored.
    package var lastSeq: Int64
    /// What is stored beyond `lastSeq`: on the wire arrays of first and last.
    package var have: [SeqRange]
    package var serverInstance: String
    package var serverEphemeral: EphemeralKey?

    package init(
        appID: AppID, status: AppStatus, incarnation: Int64, sessionEpoch: Int64, lastSeq: Int64,
        have: [SeqRange] = [], serverInstance: String, serverEphemeral: EphemeralKey? = nil
    ) {
        self.appID = appID
        self.status = status
        self.incarnation = incarnation
        self.sessionEpoch = sessionEpoch
        self.lastSeq = lastSeq
        self.have = have
        self.serverInstance = serverInstance
        self.serverEphemeral = serverEphemeral
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id()),
            status: try fields.need("status", .word(AppStatus.self)),
            incarnation: try fields.need("incarnation", .count),
            sessionEpoch: try fields.need("session_epoch", .count),
            lastSeq: try fields.need("last_seq", .count),
            have: try fields.find("have", .list(.seqRange, countMax: WireLimits.rangesMax)) ?? [],
            serverInstance: try fields.need("server_instance", .symbol),
            serverEphemeral: try fields.find("server_ephemeral", .ephemeralKey))
    }

    package var members: JSONObject {
        .of(
            ("app_id", self.appID), ("status", self.status), ("incarnation", self.incarnation),
            ("session_epoch", self.sessionEpoch), ("last_seq", self.lastSeq),
            ("have", self.have.isEmpty ? nil : self.have), ("server_instance", self.serverInstance),
            ("server_ephemeral", self.serverEphemeral))
    }
}

/// Sequence numbers from `first` to `last`, both included.
package struct SeqRange: Hashable, Sendable, WireValue {
    package let first: Int64
    package let last: Int64

    /// `nil` when `last` comes before `first`.
    package init?(first: Int64, last: Int64) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
    }

    package var wireValue: JSONValue { [.integer(self.first), .integer(self.last)] }
}

extension FieldKind<SeqRange> {
    static let seqRange = Self { value throws(FrameError) in
        let ends = try FieldKind<[Int64]>.list(.count, countMax: 2).read(value)
        guard ends.count == 2, let range = SeqRange(first: ends[0], last: ends[1]) else {
            throw FrameError(.badMessage, "is not a range [first, last]")
        }
        return range
    }
}

/// `challenge`: prove your key. Its `nonce` is from then on that of the session.
package struct ChallengeFrame: WireFrame {
    package static let type = "challenge"

    package var appID: AppID
    package var nonce: Nonce
    /// What the response signs with it.
    package var serverInstance: String
    package var level: SecurityLevel
    package var serverEphemeral: EphemeralKey?

    package init(
        appID: AppID, nonce: Nonce, serverInstance: String, level: SecurityLevel, serverEphemeral: EphemeralKey? = nil
    ) {
        self.appID = appID
        self.nonce = nonce
        self.serverInstance = serverInstance
        self.level = level
        self.serverEphemeral = serverEphemeral
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id()),
            nonce: try fields.need("nonce", .nonce),
            serverInstance: try fields.need("server_instance", .symbol),
            level: try fields.need("sec_level", .word(SecurityLevel.self)),
            serverEphemeral: try fields.find("server_ephemeral", .ephemeralKey))
    }

    package var members: JSONObject {
        .of(
            ("app_id", self.appID), ("nonce", self.nonce), ("server_instance", self.serverInstance),
            ("sec_level", self.level), ("server_ephemeral", self.serverEphemeral))
    }

    /// What the response signs, as both sides put it together.
    package func proof(childEphemeral: EphemeralKey? = nil) -> ChallengeProof {
        ChallengeProof(
            appID: self.appID, nonce: self.nonce, serverInstance: self.serverInstance, level: self.level,
            childEphemeral: childEphemeral, serverEphemeral: self.serverEphemeral)
    }
}
