import HashTreeCollections
import TrailsCore
import Vocabulary

// What the tree cannot apply: such an event is about something that is not there.

extension TreeReplay {
    func faults(of event: ProcessTree.Event) -> [String] {
        switch event {
        case .declared(let facts, _, _, _), .expected(let facts, _): self.faults(of: facts)
        case .registered(let registered):
            if let facts = registered.facts { self.faults(of: facts) } else { self.unknown(registered.app) }
        case .reported(let report):
            self.unknown(report.app) + (report.seq > 0 ? [] : ["message \(report.seq) of app \(report.app)"])
        case .cascadeStarted(let cascade):
            ([cascade.target] + cascade.levels.joined()).flatMap { self.unknown($0) }
                + (self.tree.cascades[cascade.id] == nil ? [] : ["cancel \(cascade.id) was started before"])
        case .cascadeLevelStarted(let id, let level, _): self.faults(ofLevel: level, of: id)
        case .cascadeFinished(let id, _):
            self.tree.cascades[id] == nil ? ["cancel \(id) is not at work"] : []
        case .started: []
        case .returned, .changed, .detached, .leaseExtended, .enrolmentConflict, .queued, .answered, .fenced, .revoked,
            .rekeyed, .bound:
            event.app.map { self.unknown($0) } ?? []
        }
    }

    private func unknown(_ app: AppID) -> [String] {
        self.tree.apps[app] == nil ? ["no app \(app) was known then"] : []
    }

    private func faults(of facts: AppFacts) -> [String] {
        guard let parent = facts.parent else { return [] }
        guard self.tree.apps[parent] != nil else {
            return ["the parent \(parent) of app \(facts.id) was not known then"]
        }
        let isCycle = parent == facts.id || self.tree.ancestors(of: parent).contains(facts.id)
        return isCycle ? ["app \(facts.id) would be its own ancestor"] : []
    }

    private func faults(ofLevel level: Int, of id: CascadeID) -> [String] {
        guard let state = self.tree.cascades[id] else { return ["cancel \(id) is not at work"] }
        guard state.cascade.levels.indices.contains(level), level == state.level + 1 else {
            return ["cancel \(id) goes from level \(state.level) of \(state.cascade.levels.count) to \(level)"]
        }
        return []
    }
}
