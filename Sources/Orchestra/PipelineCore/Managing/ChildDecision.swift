import Vocabulary

/// What a manager loop makes of one look at its child.
enum ChildDecision: Sendable, Hashable {
    /// The attempt is over.
    case conclude(Outcome)
    /// It is over too, as soon as the child has been stopped.
    case dismiss(Outcome)
    /// The run is to halt, and the child stands still.
    case halt
    /// Tells the child something new.
    case steer(String)
    case wait
}

/// One cycle (spec/orchestra.md 2.11): how it stands with the child, then the stop condition, then the limit, then what
/// the child should be told.
struct ChildJudgement {
    let node: PipelineNode
    /// The look at hand in it.
    let watch: ChildWatch
    /// Of the manager's run.
    let context: PipelineContext
    let isHalting: Bool

    func decision(about report: ChildReport) -> ChildDecision {
        let isOwn = self.node.manager.startsChild
        // One that was never begun has stopped too.
        let isBegun = self.watch.facts[ChildPlan.sessionKey] != nil
        if let verdict = self.watch.verdict {
            return report.standing.isOver || report.standing == .resting && !isBegun ? .conclude(verdict) : .wait
        }
        switch report.standing {
        case .completed: return .conclude(Outcome(.success, notes: self.told("completed")))
        case .failed: return .conclude(.fail(self.told("failed", because: report.reason)))
        case .cancelled where !self.isHalting:
            return .conclude(.fail(self.told("was cancelled", because: report.reason)))
        case .cancelled: return .halt
        case .resting where self.isHalting: return .halt
        case .working where self.isHalting: return .wait
        case .resting, .working: break
        }
        let ending = self.ending
        if let ending { return isOwn ? .dismiss(ending) : .conclude(ending) }
        return self.instruction.map(ChildDecision.steer) ?? .wait
    }

    /// What the attempt comes to although the child could go on.
    private var ending: Outcome? {
        if let condition = self.node.manager.stopCondition, condition.isTrue(of: self.subject) {
            let times = self.watch.cycles == 1 ? "look" : "looks"
            return Outcome(.success, notes: "the stop condition holds after \(self.watch.cycles) \(times)")
        }
        guard self.watch.cycles >= self.node.manager.maxCycles else { return nil }
        return .fail(
            "the child was looked at \(self.watch.cycles) times, and manager.max_cycles of \(self.node.id) allows "
                + "no more")
    }

    private var subject: ConditionSubject {
        ConditionSubject(
            outcome: StageStatus(text: self.context.text("outcome")) ?? .success,
            preferredLabel: self.context.text("preferred_label"), context: self.context)
    }

    /// The prompt of the node, filled from the context, when it says something else than the last time.
    private var instruction: String? {
        guard self.node.manager.actions.contains(.steer), let template = try? Template(parsing: self.node.prompt),
            let text = try? template.filled(from: self.context, by: .command).trimmed
        else { return nil }
        return text.isEmpty || text == self.watch.instruction ? nil : text
    }

    private func told(_ what: String, because reason: String = "") -> String {
        let name = self.watch.facts[ChildPlan.sessionKey]?.string ?? self.watch.session ?? ""
        return "child session \(name) \(what)" + (reason.isEmpty ? "" : ": \(reason)")
    }
}

extension PipelineContext {
    /// With what is known of the child of a manager loop, and nothing of an earlier one.
    mutating func meet(_ watch: ChildWatch) {
        for key in self.values.keys where key.hasPrefix(Self.childPrefix) && watch.facts[key] == nil { self[key] = nil }
        self.apply(watch.facts)
    }

    static let childPrefix = "stack.child."
}
