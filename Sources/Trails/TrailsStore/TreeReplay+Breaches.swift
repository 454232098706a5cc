import HashTreeCollections
import TrailsCore
import Vocabulary

// What must not have happened, though it can be applied: such an event breaks a promise.

extension TreeReplay {
    func breaches(by event: ProcessTree.Event) -> [String] {
        switch event {
        case .declared(let facts, let by, _, _): self.breaches(byDeclaring: facts, by: by)
        case .expected(let facts, _): self.tree.apps[facts.id] == nil ? [] : ["app \(facts.id) was known already"]
        case .registered(let registered): self.breaches(by: registered)
        case .returned(let returned): self.breaches(by: returned)
        case .reported(let report): self.breaches(by: report)
        case .changed(let change): self.breaches(by: change)
        case .detached(let app, _, _, _): self.revoked(app, "left its connection")
        case .answered(let answer): self.breaches(by: answer)
        case .cascadeStarted(let cascade): self.overreach(of: cascade.by, to: cascade.target, "cancelled")
        case .cascadeFinished(let id, _): self.breaches(byFinishing: id)
        case .revoked(let app, _, _, let by, _): self.overreach(of: by, to: app, "revoked the key of")
        case .rekeyed(let app, let key, _, let by, _):
            self.overreach(of: by == app ? nil : by, to: app, "replaced the key of") + self.revived(key, of: app)
        case .bound(let app, _, let by, _):
            by == nil || by == app ? [] : ["app \(by!) bound the key of app \(app), which only its holder may"]
        case .leaseExtended, .enrolmentConflict, .queued, .cascadeLevelStarted, .fenced, .started: []
        }
    }
}

// MARK: - Lifecycle

extension TreeReplay {
    private func breaches(by change: ProcessTree.Change) -> [String] {
        guard let state = self.tree.apps[change.app] else { return [] }
        var breaches: [String] = []
        let step = Lifecycle.step(from: state.status, on: change.happening)
        let isRow = step == .to(change.status) || (step == .restored && change.status == state.before)
        if !isRow {
            breaches.append(
                "app \(change.app) went from \(state.status.rawValue) to \(change.status.rawValue) on "
                    + "\(change.happening.rawValue), which the lifecycle does not know")
        }
        if state.isFenced, [.status, .result, .error].contains(change.happening) {
            breaches.append("a report changed app \(change.app) after a cancel had reached it")
        }
        return breaches
    }

    private func breaches(by registered: ProcessTree.Registered) -> [String] {
        let app = registered.app
        let state = self.tree.apps[app]
        var breaches = self.revoked(app, "registered")
        if let key = registered.key { breaches += self.revived(key, of: app) }
        if let facts = registered.facts {
            if facts.id != app { breaches.append("app \(app) registered as app \(facts.id)") }
            if let state, state.facts.origin != .placeholder { breaches.append("app \(app) has two declarations") }
            breaches += self.enrolledTwice(facts)
        }
        if Lifecycle.step(from: state?.status, on: .registered) != .to(.connected) || state?.isFenced == true {
            breaches.append("app \(app) registered when it was \(state?.status.rawValue ?? "unknown")")
        }
        let lives = state?.incarnation ?? 0
        if registered.incarnation != lives + 1, registered.incarnation != lives || lives == 0 {
            breaches.append("incarnation \(registered.incarnation) of app \(app) follows incarnation \(lives)")
        }
        if registered.sessionEpoch != (state?.sessionEpoch ?? 0) + 1 {
            breaches.append("session \(registered.sessionEpoch) of app \(app) is not the next one")
        }
        return breaches
    }

    private func breaches(by returned: ProcessTree.Returned) -> [String] {
        guard let state = self.tree.apps[returned.app] else { return [] }
        let expected: AppStatus? =
            switch Lifecycle.step(from: state.status, on: .reregistered) {
            case .restored: state.before
            case .to(let status): status
            case .unchanged: state.status
            case .refused: nil
            }
        let breaches = self.revoked(returned.app, "came back")
        guard expected != returned.status else { return breaches }
        return breaches + ["app \(state.id) came back from \(state.status.rawValue) as \(returned.status.rawValue)"]
    }

    private func breaches(byDeclaring facts: AppFacts, by: AppID?) -> [String] {
        var breaches = self.enrolledTwice(facts)
        if let state = self.tree.apps[facts.id], state.facts.origin != .placeholder {
            breaches.append("app \(facts.id) has two declarations")
        }
        guard let parent = facts.parent else { return breaches + ["a root, \(facts.id), was declared"] }
        return breaches + self.overreach(of: by, to: parent, "declared a child of")
    }

    private func enrolledTwice(_ facts: AppFacts) -> [String] {
        guard let key = facts.enrolmentKey, let other = self.enrolments[key], other != facts.id else { return [] }
        return ["apps \(other) and \(facts.id) come from one declaration"]
    }
}

// MARK: - Messages, commands, cancels

extension TreeReplay {
    private func breaches(by report: Report) -> [String] {
        guard let state = self.tree.apps[report.app] else { return [] }
        var breaches = self.revoked(report.app, "reported")
        if report.incarnation != state.incarnation {
            breaches.append(
                "message \(report.seq) of app \(report.app) is of incarnation \(report.incarnation), "
                    + "in incarnation \(state.incarnation)")
        } else if state.sequence?.contains(report.seq) == true {
            breaches.append("message \(report.seq) of app \(report.app) is stored twice")
        }
        return breaches
    }

    private func breaches(by answer: ControlAnswer) -> [String] {
        guard let state = self.tree.apps[answer.app] else { return [] }
        let breaches = answer.outcome == .expired ? [] : self.revoked(answer.app, "answered")
        let isWaiting = state.controls.contains { $0.id == answer.id }
        guard self.controls.contains(ControlKey(answer.id, for: answer.app)) else {
            return breaches + ["app \(answer.app) answered command \(answer.id), which it was never given"]
        }
        guard isWaiting != answer.isLate else {
            let fault = isWaiting ? "counts as late, though nothing was answered" : "was answered twice"
            return breaches + ["command \(answer.id) to app \(answer.app) \(fault)"]
        }
        return breaches
    }

    /// No live app is left that was to be ended, but for one that was out of reach or is thought lost.
    private func breaches(byFinishing id: CascadeID) -> [String] {
        guard let state = self.tree.cascades[id] else { return [] }
        var breaches: [String] = []
        if state.level < state.cascade.levels.count - 1 {
            breaches.append("cancel \(id) was finished at level \(state.level) of \(state.cascade.levels.count)")
        }
        for app in state.cascade.levels.joined() where self.absent[id]?.contains(app) != true {
            guard let member = self.tree.apps[app], member.status.isLive, member.status != .lostContact else {
                continue
            }
            breaches.append("cancel \(id) was finished, and app \(app) was still \(member.status.rawValue)")
        }
        return breaches
    }
}

// MARK: - Authority

extension TreeReplay {
    /// `nil` is the administrator, or a holder of the recovery key.
    private func overreach(of principal: AppID?, to app: AppID, _ deed: String) -> [String] {
        guard let principal else { return [] }
        guard principal == app || self.tree.ancestors(of: app).contains(principal) else {
            return ["app \(principal) \(deed) app \(app), and is not above it"]
        }
        return self.revoked(principal, "\(deed) app \(app)")
    }

    private func revoked(_ app: AppID, _ deed: String) -> [String] {
        self.tree.apps[app]?.isRevoked == true ? ["app \(app) \(deed) with a key that was revoked"] : []
    }

    private func revived(_ key: PublicKey, of app: AppID) -> [String] {
        self.revokedKeys[app]?.contains(key) == true ? ["a key of app \(app) that was revoked counts again"] : []
    }
}
