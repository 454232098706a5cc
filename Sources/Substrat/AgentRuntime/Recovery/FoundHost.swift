import AgentCore
import EventLog
import Synchronization
import Vocabulary

/// The agents below a root as a start has found them, with what a crash has cut off finished and recorded.
struct FoundHost: Sendable {
    let logs: EventLogs
    let plan: RecoveryPlan
    let report: RecoveryReport
    let stamp: LogStamp
    let dice: HostDice
    let progress: LogProgress
    /// Sessions that no agent was found to live in, or to have lived in.
    let strays: [SessionID: StraySession]
    /// Logs that take no more events. What the plan has for them is planned anew by each start.
    let damaged: Set<AgentCore.LogName>

    static func find(
        _ root: String, _ options: HostOptions, continuing: Set<String>
    ) async throws(HostError) -> FoundHost {
        let start = ContinuousClock.now
        var found: FoundHost
        do throws(LogFault) {
            found = try await onThreadOfItsOwn { () throws(LogFault) in try Self.read(root, options, continuing) }
        } catch {
            throw HostError(error)
        }
        try await found.record()
        var report = found.report
        report.duration = ContinuousClock.now - start
        found = FoundHost(
            logs: found.logs, plan: found.plan, report: report, stamp: found.stamp, dice: found.dice,
            progress: found.progress, strays: found.strays, damaged: found.damaged)
        return found
    }

    /// Puts on record what the recovery does. Nothing goes on before that is durable.
    private func record() async throws(HostError) {
        let entries = self.plan.batch.logEntries { !self.damaged.contains($0) }
        guard !entries.isEmpty else { return }
        do throws(LogFault) {
            let numbers = try await self.logs.append(entries)
            self.logs.fold(self.progress.grown(entries, numbers), of: self.plan.tree)
        } catch {
            let logs = self.logs
            await onThreadOfItsOwn { logs.close() }
            throw HostError(error)
        }
    }
}

extension FoundHost {
    /// Folds all logs and plans what is to be finished. Blocks.
    private static func read(
        _ root: String, _ options: HostOptions, _ continuing: Set<String>
    ) throws(LogFault) -> FoundHost {
        let now = options.clock.now()
        let stamp = LogStamp(now)
        let logs = try EventLogs.open(
            root, durability: options.durability, limits: options.logLimits, on: options.files, now: { stamp.now })
        var dice = HostDice(options.dice)
        let progress = LogProgress(foldAfter: options.foldAfter)
        var report = RecoveryReport()
        report.boot = (Identifier.random(using: &dice) as SessionID).hex
        report.journalFrames = logs.recovery.frames
        do throws(LogFault) {
            let records = RecordFiles(root: root, files: options.files)
            var rebuilt: [SessionRecord] = []
            let found = try self.fold(logs, options.readers, progress, &report).map { session in
                let record = records.record(of: session.ledger, at: now)
                if let record, record.isRebuilt { rebuilt.append(record.record) }
                return FoundSession(session.ledger, isDamaged: session.isDamaged, record: record?.record)
            }
            let damaged = Set(found.filter(\.isDamaged).map(\.ledger.log))
            let (tree, findings) = AgentTree.recover(found, limits: options.limits, at: now)
            for session in findings.leaving { try logs.discardNow(AgentCore.LogName.session(session).id) }
            let plan = tree.plan(
                boot: report.boot, continuing: continuing, births: findings.births, deleted: Set(findings.leaving),
                at: now, using: &dice
            ) { self.text(of: $0, in: try? logs.history(of: $1.id, .whole)) }
            report.take(plan, findings)
            records.write(rebuilt + findings.records)
            return FoundHost(
                logs: logs, plan: plan, report: report, stamp: stamp, dice: dice, progress: progress,
                strays: StraySession.find(found, findings, in: plan.tree), damaged: damaged)
        } catch {
            logs.close()
            throw error
        }
    }

    /// Folds what came after the last time that each log was folded; all of it, where what was folded says nothing.
    private static func fold(
        _ logs: EventLogs, _ readers: Int, _ progress: LogProgress, _ report: inout RecoveryReport
    ) throws(LogFault) -> [FoundSession] {
        let all = try logs.logs()
        let folds = Mutex<[FoldedLog?]>(Array(repeating: nil, count: all.count))
        try logs.readAll(all, width: readers) { place, history in
            let fold = FoldedLog(history, of: all[place])
            folds.withLock { $0[place] = fold }
        }
        var found: [FoundSession] = []
        for (log, recent) in zip(all, folds.withLock({ $0 })) {
            let fold: FoldedLog
            if let recent { fold = recent } else { fold = FoldedLog(whole: try logs.history(of: log, .whole), of: log) }
            found.append(fold.found(progress, &report))
        }
        return found
    }

    /// What a message said that was sent and did not arrive: it is in the call or the turn that sent it.
    static func text(of note: SentNote, in history: LogHistory?) -> String? {
        for record in history?.records ?? [] {
            switch record.entry.event {
            case .toolCalled(let call, _) where call.call != nil && call.call == note.call:
                return call.arguments["text"]?.string ?? call.arguments["result"]?.string
            case .turnCompleted(let turn, let response, _) where turn != nil && turn == note.turn && note.call == nil:
                return response
            default: break
            }
        }
        return nil
    }
}

extension RecoveryReport {
    mutating func take(_ plan: RecoveryPlan, _ findings: RecoveryFindings) {
        self.agents = plan.tree.nodes.count
        self.recorded = plan.batch.records.count
        self.woken = plan.wakes.count
        self.quarantined = findings.quarantined
        self.orphans = findings.orphans
        self.strange = findings.strange
        for record in plan.batch.records {
            switch record.entry.event {
            case .turnInterrupted: self.interruptedTurns += 1
            case .spawnAbandoned: self.abandonedSpawns += 1
            case .enqueued(let envelope) where envelope.metadata["recovered"] != nil: self.lateMessages += 1
            default: break
            }
        }
    }
}
