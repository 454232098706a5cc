import Vocabulary

/// Reads logs as an outsider would, line by line, without the code that folds them, and says what is wrong.
package struct LogAudit {
    private var logs: [LogName: Findings] = [:]
    private var places: [AgentID: LogName] = [.user: .user]
    private var violations: [String] = []

    private struct Findings {
        var openTurn: Int?
        var shown: [EnvelopeID] = []
        var enqueued: [EnvelopeID: Envelope] = [:]
        var settled: Set<EnvelopeID> = []
        var sent: [EnvelopeID: AgentID] = [:]
        var dropped: Set<EnvelopeID> = []
        var promised: [AgentID: SessionID] = [:]
        var resolved: Set<AgentID> = []
        var born: AgentID?
        var isEnded = false
    }

    /// What is wrong with the logs; after a recovery more is owed than in the middle of things.
    package static func violations(of logs: [LogName: [Entry]], isRecovered: Bool) -> [String] {
        var audit = Self()
        for (log, entries) in logs.sorted(by: { $0.key < $1.key }) {
            for entry in entries { audit.read(entry.event, in: log) }
        }
        audit.compare(isRecovered: isRecovered)
        return audit.violations
    }

    /// The messages that a log says are not delivered: what an inbox must hold.
    package static func undelivered(in entries: [Entry]) -> Set<EnvelopeID> {
        var (pending, shown, taken): (Set<EnvelopeID>, [EnvelopeID], Set<EnvelopeID>) = ([], [], [])
        var mayContinue = false
        for entry in entries {
            switch entry.event {
            case .enqueued(let envelope): pending.insert(envelope.id)
            case .dropped(let id, _): pending.remove(id)
            case .delivered(let id, let turn):
                if pending.remove(id) != nil, turn != nil { taken.insert(id) }
            case .turnStarted(let start):
                if !(mayContinue && start.attempt > 1) { pending.formUnion(taken); taken = [] }
                (shown, mayContinue) = (start.messages, false)
            case .turnCompleted:
                pending.subtract(shown)
                taken = []
            case .turnFailed: (pending, taken) = (pending.union(taken), [])
            case .turnInterrupted(_, let continues):
                mayContinue = continues
                if !continues { (pending, taken) = (pending.union(taken), []) }
            default: break
            }
        }
        return pending
    }
}

extension LogAudit {
    private mutating func read(_ event: AgentEvent, in log: LogName) {
        var findings = self.logs[log] ?? Findings()
        let name = log.folder.prefix(8)
        if findings.isEnded {
            switch event {
            case .dropped, .recoveryApplied: break
            default: self.violations.append("\(name) has \(event.kind) after its end")
            }
        }
        switch event {
        case .turnStarted(let start):
            if findings.openTurn != nil { self.violations.append("\(name) has two turns at once") }
            (findings.openTurn, findings.shown) = (start.turn, start.messages)
        case .turnCompleted(let turn, _, _), .turnFailed(let turn, _, _), .turnInterrupted(let turn, _):
            if turn != findings.openTurn { self.violations.append("\(name) ends a turn that is not open") }
            findings.openTurn = nil
            if case .turnCompleted = event { findings.settled.formUnion(findings.shown) }
        case .enqueued(let envelope):
            if findings.enqueued.updateValue(envelope, forKey: envelope.id) != nil {
                self.violations.append("\(name) got message \(envelope.id.short) twice")
            }
        case .delivered(let id, _):
            if findings.enqueued[id] == nil { self.violations.append("\(name) was given what it never got") }
            findings.settled.insert(id)
        case .dropped(let id, _): findings.dropped.insert(id)
        case .sent(let note): findings.sent[note.id] = note.recipient
        default: self.readLife(event, in: log, &findings)
        }
        self.logs[log] = findings
    }

    private mutating func readLife(_ event: AgentEvent, in log: LogName, _ findings: inout Findings) {
        let name = log.folder.prefix(8)
        switch event {
        case .agentCreated(let birth):
            if findings.born != nil { self.violations.append("\(name) was born twice") }
            findings.born = birth.agent
            self.places[birth.agent] = log
        case .agentTerminated: findings.isEnded = true
        case .spawnRequested(let intent):
            findings.promised[intent.agent] = intent.session
            self.places[intent.agent] = .session(intent.session)
        case .spawnCompleted(let child), .spawnAbandoned(let child, _):
            if !findings.resolved.insert(child).inserted { self.violations.append("\(name) had a child twice") }
            if findings.promised[child] == nil { self.violations.append("\(name) never promised \(child.short)") }
        case .agentCompleting, .agentRenamed, .sessionCreated: break
        default: break
        }
    }

    private mutating func compare(isRecovered: Bool) {
        for (log, findings) in self.logs {
            let name = log.folder.prefix(8)
            for (id, recipient) in findings.sent where isRecovered {
                let target = self.places[recipient].flatMap { self.logs[$0] }
                let isThere = target?.enqueued[id] != nil || findings.dropped.contains(id)
                if !isThere { self.violations.append("message \(id.short) of \(name) never arrived") }
            }
            for (id, envelope) in findings.enqueued where isRecovered && !envelope.sender.isSentinel {
                let sender = self.places[envelope.sender].flatMap { self.logs[$0] }
                let isOpen = !findings.settled.contains(id) && !findings.dropped.contains(id) && !findings.isEnded
                if isOpen, let sender, !sender.isEnded, sender.sent[id] == nil {
                    self.violations.append("message \(id.short) to \(name) was never sent")
                }
            }
            if isRecovered, findings.openTurn != nil { self.violations.append("\(name) has a turn without an end") }
            if isRecovered, findings.isEnded {
                let owed = Set(findings.enqueued.keys).subtracting(findings.settled).subtracting(findings.dropped)
                if !owed.isEmpty { self.violations.append("\(name) has ended with mail that nobody hears of") }
            }
            for (child, session) in findings.promised where isRecovered && !findings.resolved.contains(child) {
                let isBorn = self.logs[.session(session)]?.born == child
                if isBorn && !findings.isEnded { self.violations.append("\(name) waits for a child that is there") }
            }
            for (child, session) in findings.promised where findings.resolved.contains(child) {
                let isBorn = self.logs[.session(session)]?.born == child
                let isAbandoned = self.logs[.session(session)]?.born == nil
                if !isBorn && !isAbandoned { self.violations.append("\(name) has a child that is not there") }
            }
        }
    }
}
