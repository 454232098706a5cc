import HashTreeCollections
package import TrailsCore
package import Vocabulary

/// Replays all events from the first one, and says where they, or the rows, do not keep a promise (spec/trails.md §15).
///
/// What would stop `ProcessTree.apply` (an event about an app that nobody declared, say) is reported and left out, so
/// that a damaged store is explained rather than fatal.
package struct TreeReplay: Sendable {
    /// A store with more violations than this needs no longer list.
    package static let violationsMax = 1_000

    package private(set) var tree: ProcessTree
    package private(set) var violations: [String] = []
    /// The answer that counts, of every command that has one.
    package internal(set) var answers: [ControlKey: ControlAnswer] = [:]

    private var last = EventID(0)
    /// Every command that was ever given.
    var controls: Set<ControlKey> = []
    /// Keys that were revoked, by app.
    var revokedKeys: [AppID: Set<PublicKey>] = [:]
    /// Members of a cancel that were out of reach (crashed) when their level was at work: should one come back, it is
    /// told, but nobody waited for it.
    var absent: [CascadeID: Set<AppID>] = [:]
    /// Whom each declaration was for.
    var enrolments: [PublicKey: AppID] = [:]

    /// A command is named by its sender; only with the app it is for it is one.
    package struct ControlKey: Hashable, Sendable {
        package let id: CorrelationID
        package let app: AppID

        package init(_ id: CorrelationID, for app: AppID) {
            self.id = id
            self.app = app
        }
    }

    package init(limits: TreeLimits) {
        self.tree = ProcessTree(limits: limits)
    }
}

extension TreeReplay {
    /// Takes the next event.
    package mutating func replay(_ stored: StoredEvent) {
        if stored.id <= self.last { self.violate("event \(stored.id.number) comes after event \(self.last.number)") }
        self.last = max(self.last, stored.id)
        let faults = self.faults(of: stored.event)
        guard faults.isEmpty else {
            for fault in faults { self.violate("event \(stored.id.number): \(fault)") }
            return
        }
        for breach in self.breaches(by: stored.event) { self.violate("event \(stored.id.number): \(breach)") }
        self.remember(stored.event)
        self.tree.apply(stored.event)
    }

    package mutating func violate(_ line: String) {
        if self.violations.count < Self.violationsMax { self.violations.append(line) }
    }

    private mutating func remember(_ event: ProcessTree.Event) {
        switch event {
        case .declared(let facts, _, _, _): self.enrol(facts)
        case .registered(let registered): registered.facts.map { self.enrol($0) }
        case .queued(let control): self.controls.insert(ControlKey(control.id, for: control.app))
        case .answered(let answer) where !answer.isLate:
            self.answers[ControlKey(answer.id, for: answer.app)] = answer
        case .revoked(let app, let key?, _, _, _): self.revokedKeys[app, default: []].insert(key)
        case .cascadeLevelStarted(let id, let level, _):
            let members = self.tree.cascades[id]?.cascade.levels[level] ?? []
            self.absent[id, default: []].formUnion(members.filter { self.tree.apps[$0]?.status == .crashed })
        case .cascadeFinished(let id, _): self.absent[id] = nil
        default: break
        }
    }

    private mutating func enrol(_ facts: AppFacts) {
        facts.enrolmentKey.map { self.enrolments[$0] = facts.id }
    }
}
