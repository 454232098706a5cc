import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

extension EventView {
    /// What happened, in the names of REST. The record itself has more, and other names.
    init(_ stored: StoredEvent) {
        var event: JSONObject = ["kind": .string(stored.event.kind)]
        for (name, value) in stored.event.told { event[name] = value.wireValue }
        self.init(
            eventID: stored.id.number, appID: stored.app ?? AppID(high: 0, low: 0), at: stored.at, event: event)
    }
}

extension ProcessTree.Event {
    /// The facts that a reader of the log asks for.
    fileprivate var told: JSONObject {
        switch self {
        case .declared(let facts, let by, _, let deadline):
            .of(("appName", facts.name), ("by", by), ("deadline", deadline))
        case .expected(let facts, _): .of(("appName", facts.name))
        case .registered(let registered):
            .of(
                ("incarnation", registered.incarnation), ("sessionEpoch", registered.sessionEpoch),
                ("presence", registered.presence.rawValue), ("deadline", registered.deadline))
        case .returned(let returned):
            .of(
                ("status", returned.status), ("sessionEpoch", returned.sessionEpoch), ("gapSince", returned.gapSince))
        case .reported(let report): .of(("type", report.kind), ("seq", report.seq), ("late", report.isLate))
        case .changed(let change):
            .of(
                ("status", change.status), ("because", change.happening.rawValue), ("cause", change.cause?.rawValue),
                ("deadline", change.deadline))
        case .detached(_, _, _, let until), .leaseExtended(_, let until): .of(("deadline", until))
        case .enrolmentConflict(_, let key, _): .of(("pubKey", key))
        case .queued(let control):
            .of(("action", control.action), ("correlationId", control.id), ("cascadeId", control.cascade))
        case .answered(let answer):
            .of(
                ("correlationId", answer.id), ("ack", answer.outcome), ("error", answer.error),
                ("late", answer.isLate))
        case .cascadeStarted(let cascade):
            .of(
                ("cascadeId", cascade.id), ("cascade", cascade.isDeep), ("reason", cascade.reason), ("by", cascade.by))
        case .cascadeLevelStarted(let id, let level, let deadline):
            .of(("cascadeId", id), ("level", level), ("deadline", deadline))
        case .cascadeFinished(let id, _), .fenced(_, let id): .of(("cascadeId", id))
        case .revoked(_, _, let reason, let by, _): .of(("reason", reason), ("by", by))
        case .rekeyed(_, let key, let epoch, let by, _): .of(("pubKey", key), ("keyEpoch", epoch), ("by", by))
        case .bound(_, let ranges, let by, _): .of(("cidrs", ranges.map(\.description)), ("by", by))
        case .started(let instance, _, _): .of(("serverInstance", instance))
        }
    }
}
