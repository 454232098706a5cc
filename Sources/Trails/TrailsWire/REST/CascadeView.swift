package import Vocabulary

/// A cancel and how far it has come, as REST shows it.
package struct CascadeView: WireRecord {
    package enum State: String, CaseIterable, Hashable, Sendable, WireValue {
        case running
        case finished
    }

    package var cascadeID: CascadeID
    package var appID: AppID
    /// Whether it takes the subtree too.
    package var isCascade: Bool
    package var reason: String?
    package var state: State
    /// The depth it is working on, deepest first.
    package var level: Int64 = 0
    package var levels: Int64 = 0
    package var total: Int64 = 0
    package var acked: Int64 = 0
    package var cancelled: Int64 = 0
    package var pending: Int64 = 0
    package var forceKilled: Int64 = 0
    package var lost: Int64 = 0
    package var startedAt: Timestamp
    package var finishedAt: Timestamp?
    /// When stragglers of the level are given up.
    package var levelDeadline: Timestamp?

    package init(
        cascadeID: CascadeID, appID: AppID, isCascade: Bool, reason: String? = nil, state: State,
        startedAt: Timestamp
    ) {
        self.cascadeID = cascadeID
        self.appID = appID
        self.isCascade = isCascade
        self.reason = reason
        self.state = state
        self.startedAt = startedAt
    }
}

extension CascadeView {
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            cascadeID: try fields.need("cascadeId", .id()),
            appID: try fields.need("appId", .id()),
            isCascade: try fields.need("cascade", .bool),
            reason: try fields.find("reason", .shown),
            state: try fields.need("state", .word(State.self)),
            startedAt: try fields.need("startedAt", .moment))
        self.level = try fields.need("level", .count)
        self.levels = try fields.need("levels", .count)
        self.total = try fields.need("total", .count)
        self.acked = try fields.need("acked", .count)
        self.cancelled = try fields.need("cancelled", .count)
        self.pending = try fields.need("pending", .count)
        self.forceKilled = try fields.need("forceKilled", .count)
        self.lost = try fields.need("lost", .count)
        self.finishedAt = try fields.find("finishedAt", .moment)
        self.levelDeadline = try fields.find("levelDeadline", .moment)
    }

    package var members: JSONObject {
        .of(
            ("cascadeId", self.cascadeID), ("appId", self.appID), ("cascade", self.isCascade),
            ("reason", self.reason ?? JSONValue.null), ("state", self.state), ("level", self.level),
            ("levels", self.levels), ("total", self.total), ("acked", self.acked), ("cancelled", self.cancelled),
            ("pending", self.pending), ("forceKilled", self.forceKilled), ("lost", self.lost),
            ("startedAt", self.startedAt), ("finishedAt", self.finishedAt ?? JSONValue.null),
            ("levelDeadline", self.levelDeadline ?? JSONValue.null))
    }
}
