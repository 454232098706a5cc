import HashTreeCollections
import TrailsCore
import Vocabulary

extension Storm {
    /// Whoever made something happen had the key and the place for it (§15, 5 and 8).
    mutating func check(_ command: Command, made events: [Event]) {
        let (principal, target, selfMay): (Principal, AppID, Bool)
        switch command {
        case .declare(let facts, _, let by): (principal, target, selfMay) = (by, facts.parent!, true)
        case .control(let request, let by): (principal, target, selfMay) = (by, request.target, false)
        case .cancel(let request, let by): (principal, target, selfMay) = (by, request.target, true)
        case .withdraw(let id, let by): (principal, target, selfMay) = (by, id, true)
        case .revoke(let id, _, let by): (principal, target, selfMay) = (by, id, true)
        case .rekey(let id, _, let by): (principal, target, selfMay) = (by, id, false)
        default: return
        }
        switch principal {
        case .administrator:
            if case .declare = command { self.violations.append("the administrator declared") }
        case .recovery(let id, let key):
            guard case .rekey = command, id == target, self.world.tree.apps[id]?.facts.recoveryKey == key else {
                return self.violations.append("a recovery key did \(command)")
            }
        case .app(let id, let key):
            if self.world.tree.apps[id]?.key != key || self.worthless.contains(OwnedKey(app: id, key: key)) {
                self.violations.append("a wrong key did \(command)")
            }
            guard id != target || !selfMay else { return }
            var above = self.world.tree.apps[target]?.parent
            while let next = above, next != id { above = self.world.tree.apps[next]?.parent }
            if above == nil { self.violations.append("a stranger did \(command)") }
        }
    }

    /// Each step is a row of the table (§15, 4), and a cancel goes from the bottom up (§15, 6).
    mutating func check(_ event: Event) {
        let before = event.app.flatMap { self.replayed.apps[$0] }
        switch event {
        case .declared, .expected:
            if let before, before.facts.origin != .placeholder { self.violations.append("declared twice: \(event)") }
        case .registered(let registered):
            let isNew = registered.facts != nil
            if Lifecycle.step(from: before?.status, on: .registered) != .to(.connected)
                || registered.sessionEpoch != (isNew ? 0 : before!.sessionEpoch) + 1
                || !((before?.incarnation ?? 0)...((before?.incarnation ?? 0) + 1)).contains(registered.incarnation)
            {
                self.violations.append("\(event) came to \(String(describing: before?.status))")
            }
        case .returned(let returned):
            let step = Lifecycle.step(from: before?.status, on: .reregistered)
            let expected = step == .restored ? before?.before : step == .unchanged ? before?.status : nil
            if returned.status != expected { self.violations.append("\(event) came to \(before!.status)") }
        case .changed(let change):
            if Lifecycle.step(from: before?.status, on: change.happening) != .to(change.status) {
                self.violations.append("\(event) came to \(String(describing: before?.status))")
            }
            if before!.facts.isPermanentRoot, change.status.isTerminal {
                self.violations.append("a permanent root ended: \(change.happening)")
            }
        case .cascadeLevelStarted(let id, let level, _):
            self.check(levelsOf: id, below: level)
        case .cascadeFinished(let id, _):
            self.check(levelsOf: id, below: .max)
        default: break
        }
    }

    /// Nobody of the levels that are through lives, but for those lost, and those back with a time to answer.
    private mutating func check(levelsOf id: CascadeID, below level: Int) {
        guard let cascade = self.replayed.cascades[id]?.cascade else {
            return self.violations.append("no cancel \(id)")
        }
        for app in cascade.levels.prefix(level).joined() {
            guard let state = self.replayed.apps[app], state.status.isLive else { continue }
            if state.deadline == nil, state.status != .lostContact {
                self.violations.append("a cancel went past \(app.short), which is \(state.status)")
            }
        }
    }

    /// What must hold between any two commands.
    mutating func checkTree() {
        let tree = self.whole
        if Durable(tree) != Durable(self.replayed) { self.violations.append("the tree is not what its events say") }
        for (id, state) in tree.apps {
            var above = state.parent
            var depth = 1
            while let next = above, depth <= tree.limits.depthMax {
                guard let parent = tree.apps[next] else { return self.violations.append("\(id.short) has no parent") }
                above = parent.parent
                depth += 1
            }
            if above != nil { self.violations.append("\(id.short) is too deep, or its own ancestor") }
            if let parent = state.parent, tree.children[parent]?.contains(id) != true {
                self.violations.append("\(id.short) is not among the children of its parent")
            }
            if state.controls.filter({ !$0.isCancel }).count > tree.limits.controlsMax {
                self.violations.append("too many commands wait for \(id.short)")
            }
        }
        for state in self.world.tree.cascades.values {
            let level = Set(state.cascade.levels[state.level])
            if state.waiting.isEmpty { self.violations.append("a cancel waits for nobody") }
            for id in state.waiting where !level.contains(id) || tree.apps[id]?.status.isLive != true {
                self.violations.append("a cancel waits for \(id.short) in vain")
            }
        }
    }
}
