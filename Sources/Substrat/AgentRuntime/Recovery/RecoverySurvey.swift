package import AgentCore
import EventLog
import HashTreeCollections
package import Vocabulary

/// What a start would find, mend and set going. Made by looking: not one byte was changed for it.
package struct RecoverySurvey: Sendable {
    /// As of a start, but for what only a start knows: its name, and how long it took.
    package private(set) var report = RecoveryReport()
    /// What a start would do, for people, a line each.
    package private(set) var steps: [String] = []
    /// The sessions that nobody could run, and why; with the agents that they are of, where that is known.
    package private(set) var quarantined: [Quarantined] = []

    /// A session that somebody has to look at.
    package struct Quarantined: Hashable, Sendable {
        package let session: SessionID
        package let path: String
        package let reason: String
        /// Whether it can be made an agent again; else it can only be deleted.
        package let isAdoptable: Bool
    }

    package var json: JSONObject {
        var object = self.report.json
        for name in ["boot_id", "milliseconds"] { object[name] = nil }
        object["steps"] = .array(self.steps.map(JSONValue.string))
        return object
    }
}

extension RecoverySurvey {
    /// Looks at the agents below `root`. Nobody may be writing there. Blocks its thread.
    ///
    /// - Parameter continuing: The providers that go on with a turn where its recorded calls end.
    package static func make(
        _ root: String, _ options: HostOptions, continuing: Set<String>
    ) throws(HostError) -> RecoverySurvey {
        do throws(LogFault) {
            return try RecoverySurvey(LogSurvey(LogFolder(root), on: options.files), options, continuing)
        } catch {
            throw HostError(error)
        }
    }

    private init(_ logs: LogSurvey, _ options: HostOptions, _ continuing: Set<String>) throws(LogFault) {
        let now = options.clock.now()
        var dice = HostDice(options.dice)
        let progress = LogProgress(foldAfter: options.foldAfter)
        self.report.journalFrames = logs.frames
        var (found, torn): ([FoundSession], [(AgentCore.LogName, Int64)]) = ([], [])
        for log in try logs.logs() {
            let recent = try logs.history(of: log, .recent)
            if recent.torn > 0 { torn.append((log.name, recent.torn)) }
            var fold = FoldedLog(recent, of: log)
            if fold == nil { fold = FoldedLog(whole: try logs.history(of: log, .whole), of: log) }
            guard let session = fold?.found(progress, &self.report) else { continue }
            let record = RecordFiles(root: logs.root, files: options.files).record(of: session.ledger, at: now)
            if let record, record.isRebuilt {
                self.steps.append("write the record of session \(record.record.id.hex) anew")
            }
            found.append(FoundSession(session.ledger, isDamaged: session.isDamaged, record: record?.record))
        }
        let (tree, findings) = AgentTree.recover(found, limits: options.limits, at: now)
        let plan = tree.plan(
            boot: "", continuing: continuing, births: findings.births, deleted: Set(findings.leaving), at: now,
            using: &dice
        ) { FoundHost.text(of: $0, in: try? logs.history(of: $1.id, .whole)) }
        self.report.take(plan, findings)
        if logs.waiting > 0 { self.steps.append("move \(logs.waiting) events from the journal to their logs") }
        for (log, bytes) in torn { self.steps.append("cut \(bytes) bytes off the end of the log of \(tree.who(log))") }
        self.note(findings, tree)
        let damaged = Set(found.filter(\.isDamaged).map(\.ledger.log))
        for record in plan.batch.records where !damaged.contains(record.log) {
            if let step = Self.step(of: record, in: tree) { self.steps.append(step) }
        }
        for wake in plan.wakes {
            let path = plan.tree.path(of: wake.agent)
            let goesOn = wake.request == .resume || plan.tree.verdict(on: wake.agent) == .start(.resume)
            self.steps.append(goesOn ? "have \(path) go on" : "wake \(path)")
        }
    }

    private mutating func note(_ findings: RecoveryFindings, _ tree: AgentTree) {
        for record in findings.records {
            self.steps.append("write the record of session \(record.id.hex): \(record.state.rawValue)")
        }
        for session in findings.leaving { self.steps.append("move the folder of session \(session.hex) to the trash") }
        for (session, reason) in findings.quarantined.sorted(by: { $0.key < $1.key }) {
            let agent = tree.agent(of: session)
            let isPending = agent.flatMap { tree.nodes[$0]?.isPending } ?? true
            self.quarantined.append(
                Quarantined(
                    session: session, path: agent.map(tree.path) ?? "", reason: reason, isAdoptable: !isPending))
            self.steps.append("leave \(tree.who(.session(session))) in quarantine: \(reason)")
        }
        for session in findings.orphans {
            self.steps.append("leave session \(session.hex) alone: its agent was never made")
        }
    }

    private static func step(of record: Batch.Record, in tree: AgentTree) -> String? {
        let who = tree.who(record.log)
        switch record.entry.event {
        case .turnInterrupted(let turn, let continues):
            let number = turn.map { "turn \($0)" } ?? "the turn"
            return "end \(number) of \(who) as interrupted" + (continues ? ", to go on where its calls end" : "")
        case .spawnAbandoned(let child, let reason): return "not make child \(tree.name(child)) of \(who): \(reason)"
        case .spawnCompleted(let child): return "note that \(who) has its child \(tree.name(child))"
        case .agentTerminated: return "end \(who), which has given its result"
        case .agentRenamed(let name): return "call \(who) \(name), as another has its name"
        case .gateChanged(true, _): return "gate \(who)"
        case .enqueued(let envelope):
            guard envelope.metadata["recovered"] == nil else { return "deliver a message late to \(who)" }
            return "tell \(who): \(envelope.payload.prefix(80).replacing("\n", with: " "))"
        case .sessionCreated(let birth): return "note that \(who) is of \(birth.provider) \(birth.model)"
        case .sessionDeleted, .recoveryApplied, .sent, .delivered, .dropped: return nil
        default: return "record \(record.entry.event.kind) in the log of \(who)"
        }
    }
}

extension AgentTree {
    /// Whose log it is, for people.
    fileprivate func who(_ log: AgentCore.LogName) -> String {
        guard let session = log.session else { return "the operator" }
        return self.agent(of: session).map(self.path) ?? "session \(session.hex)"
    }

    fileprivate func name(_ agent: AgentID) -> String { self.nodes[agent].map(\.name) ?? agent.hex }
}
