internal import TrailsCore
package import Vocabulary

extension AppView {
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("appId", .id()),
            parentID: try fields.find("parentId", .id()),
            appName: try fields.need("appName", .shown),
            status: try fields.need("status", .word(AppStatus.self)),
            presence: try fields.need("presence", .word(Presence.self)),
            level: try fields.need("level", .word(SecurityLevel.self)),
            scheduledAt: try fields.need("scheduledAt", .moment),
            updatedAt: try fields.need("updatedAt", .moment))
        try self.readFacts(fields)
        try self.readReports(fields)
    }

    private mutating func readFacts(_ fields: FieldReader) throws(FrameError) {
        self.isPermanentRoot = try fields.find("permanentRoot", .bool) ?? false
        self.isParentUnverified = try fields.find("parentUnverified", .bool) ?? false
        self.depth = try fields.find("depth", .count)
        self.startDay = try fields.find("startDay", .integer) ?? self.startDay
        self.incarnation = try fields.find("incarnation", .count) ?? 0
        self.sessionEpoch = try fields.find("sessionEpoch", .count) ?? 0
        self.registeredAt = try fields.find("registeredAt", .moment)
        self.endedAt = try fields.find("endedAt", .moment)
        self.deadline = try fields.find("deadline", .moment)
        self.cause = try fields.find("cause", .shown)
        self.isCancelling = try fields.find("cancelling", .bool) ?? false
        self.isRevoked = try fields.find("revoked", .bool) ?? false
        self.tags = try fields.find("tags", .object) ?? [:]
        self.roleRefs = try fields.find("roleRefs", .symbols) ?? []
        self.processInfo = try fields.find("processInfo", .record(ProcessFacts.self))
    }

    private mutating func readReports(_ fields: FieldReader) throws(FrameError) {
        self.progress = try fields.find("progress", .number)
        self.note = try fields.find("note", .shown)
        self.message = try fields.find("message", .shown)
        self.result = try fields.find("result", .any)
        self.lastSeq = try fields.find("lastSeq", .count) ?? 0
        self.liveDescendants = try fields.find("liveDescendants", .count)
    }

    /// What may be absent is `null`, but for `depth` and `liveDescendants`, which are left out.
    package var members: JSONObject {
        self.facts.filled(from: self.reports)
    }

    private var facts: JSONObject {
        .of(
            ("appId", self.appID), ("parentId", self.parentID ?? JSONValue.null), ("appName", self.appName),
            ("status", self.status), ("presence", self.presence), ("level", self.level),
            ("permanentRoot", self.isPermanentRoot), ("parentUnverified", self.isParentUnverified),
            ("depth", self.depth), ("startDay", self.startDay), ("incarnation", self.incarnation),
            ("sessionEpoch", self.sessionEpoch), ("scheduledAt", self.scheduledAt),
            ("registeredAt", self.registeredAt ?? JSONValue.null), ("endedAt", self.endedAt ?? JSONValue.null),
            ("updatedAt", self.updatedAt), ("deadline", self.deadline ?? JSONValue.null),
            ("cause", self.cause ?? JSONValue.null), ("cancelling", self.isCancelling), ("revoked", self.isRevoked))
    }

    private var reports: JSONObject {
        .of(
            ("tags", self.tags), ("roleRefs", self.roleRefs), ("processInfo", self.processInfo?.restJSON ?? .null),
            ("progress", self.progress ?? JSONValue.null), ("note", self.note ?? JSONValue.null),
            ("message", self.message ?? JSONValue.null), ("result", self.result ?? .null),
            ("lastSeq", self.lastSeq), ("liveDescendants", self.liveDescendants))
    }
}
