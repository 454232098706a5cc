package import TrailsCore
package import Vocabulary

/// An app as REST shows it.
package struct AppView: WireRecord {
    /// How the app is connected.
    package enum Presence: String, CaseIterable, Hashable, Sendable, WireValue {
        /// By a socket.
        case attached
        /// By a lease.
        case detached
        case none
    }

    package var appID: AppID
    package var parentID: AppID?
    package var appName: String
    package var status: AppStatus
    package var presence: Presence
    package var level: SecurityLevel
    package var isPermanentRoot = false
    package var isParentUnverified = false
    /// 0 for a root.
    package var depth: Int64?
    package var startDay: Int64
    package var incarnation: Int64 = 0
    package var sessionEpoch: Int64 = 0
    package var scheduledAt: Timestamp
    package var registeredAt: Timestamp?
    package var endedAt: Timestamp?
    package var updatedAt: Timestamp
    package var deadline: Timestamp?
    /// Why it has its status: `connection_drop`, `heartbeat_timeout`, `never_started` and so on.
    package var cause: String?
    package var isCancelling = false
    package var isRevoked = false
    package var tags: JSONObject = [:]
    package var roleRefs: [String] = []
    package var processInfo: ProcessFacts?
    /// From 0 to 1.
    package var progress: Double?
    package var note: String?
    /// Of its error.
    package var message: String?
    /// The payload of its latest Result.
    package var result: JSONValue?
    package var lastSeq: Int64 = 0
    /// Only in `GET apps/{id}`.
    package var liveDescendants: Int64?

    package init(
        appID: AppID, parentID: AppID?, appName: String, status: AppStatus, presence: Presence, level: SecurityLevel,
        scheduledAt: Timestamp, updatedAt: Timestamp
    ) {
        self.appID = appID
        self.parentID = parentID
        self.appName = appName
        self.status = status
        self.presence = presence
        self.level = level
        self.startDay = Int64(scheduledAt.startDay)
        self.scheduledAt = scheduledAt
        self.updatedAt = updatedAt
    }
}
