import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

extension AppView {
    /// An app as REST shows it.
    init(_ app: StoredApp) {
        let state = app.state
        let facts = state.facts
        self.init(
            appID: state.id, parentID: state.parent, appName: facts.name, status: state.status,
            presence: Presence(state.presence), level: facts.level, scheduledAt: facts.scheduledAt,
            updatedAt: state.changedAt)
        self.isPermanentRoot = facts.isPermanentRoot
        self.isParentUnverified = facts.origin == .unverified
        self.startDay = Int64(facts.startDay)
        self.incarnation = Int64(state.incarnation)
        self.sessionEpoch = Int64(state.sessionEpoch)
        self.registeredAt = state.registeredAt
        self.endedAt = state.endedAt
        self.deadline = state.deadline
        self.cause = state.cause?.rawValue
        self.isCancelling = !state.cascades.isEmpty && state.status.isLive
        self.isRevoked = state.isRevoked
        self.tags = Self.json(facts.tags)?.object ?? [:]
        self.roleRefs = facts.roleRefs
        self.processInfo = state.process.flatMap { try? ProcessFacts(parsing: Array($0.utf8)) }
        self.progress = app.progress
        self.note = app.note
        self.message = app.message
        self.result = Self.json(app.result)
        self.lastSeq = app.lastSeq
    }

    private static func json(_ text: String?) -> JSONValue? {
        text.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
    }
}

extension AppView.Presence {
    init(_ presence: TrailsCore.Presence) {
        switch presence {
        case .none: self = .none
        case .attached: self = .attached
        case .detached: self = .detached
        }
    }
}

extension CascadeView {
    init(_ stored: StoredCascade) {
        let state = stored.state
        let cascade = state.cascade
        self.init(
            cascadeID: cascade.id, appID: cascade.target, isCascade: cascade.isDeep, reason: cascade.reason,
            state: state.finishedAt == nil ? .running : .finished, startedAt: cascade.startedAt)
        let statuses = stored.members.values
        self.level = Int64(max(0, state.level))
        self.levels = Int64(cascade.levels.count)
        self.total = Int64(cascade.levels.reduce(0) { $0 + $1.count })
        self.cancelled = Int64(statuses.count { $0 == .cancelled })
        self.acked = self.cancelled
        self.forceKilled = Int64(statuses.count { $0 == .forceKilled })
        self.lost = Int64(statuses.count { $0 == .lostContact || $0 == .crashed })
        self.pending = Int64(statuses.count { $0.isLive })
        self.finishedAt = state.finishedAt
        self.levelDeadline = state.deadline
    }
}
