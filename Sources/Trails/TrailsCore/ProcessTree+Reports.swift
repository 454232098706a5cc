import HashTreeCollections
import Vocabulary

extension ProcessTree {
    func decideReport(_ report: IncomingReport, at now: Timestamp) throws(Refusal) -> [Event] {
        if let stored = report.stored {
            return try self.decideRepeat(of: report, stored: stored)
        }
        guard let state = self.apps[report.app], state.incarnation > 0 else {
            return try self.decideReportOfNewcomer(report, at: now)
        }
        try self.checkSigner(report.signer, of: state)
        try self.checkSession(report.session, of: state)
        let seq = try self.number(for: report, of: state)
        if report.isTombstone {
            return [.reported(self.stored(report, of: state, seq: seq, isLate: false, at: now))]
        }
        guard !state.facts.isPermanentRoot || report.kind == .status else { throw .permanentRoot(state.id) }

        let isLate = state.status.isTerminal || state.isFenced || self.isOfEarlierLife(report, state)
        let message = Event.reported(self.stored(report, of: state, seq: seq, isLate: isLate, at: now))
        var events = isLate ? [] : self.change(of: state, by: report, at: now)
        events.append(message)
        if report.session == nil, report.spool == nil, state.presence == .detached {
            events += self.renewal(of: state, after: events, at: now)
        }
        return events
    }

    /// The same number or message id as one that is stored: an acknowledgement when it says the same.
    private func decideRepeat(of report: IncomingReport, stored: Report) throws(Refusal) -> [Event] {
        let state = try self.known(report.app)
        try self.checkSigner(report.signer, of: state)
        try self.checkSession(report.session, of: state)
        guard stored.isTombstone || report.saysTheSame(as: stored) else { throw .conflict(report.app, seq: stored.seq) }
        return []
    }

    /// A report that brings its registration along.
    private func decideReportOfNewcomer(_ report: IncomingReport, at now: Timestamp) throws(Refusal) -> [Event] {
        guard let registration = report.registration else {
            guard self.apps[report.app] != nil else { throw .unknownApp(report.app) }
            throw .notRegistered(report.app)
        }
        var draft = Draft(self)
        draft.record(try self.decideRegistration(registration, at: now))
        guard draft.tree.apps[report.app]?.incarnation ?? 0 > 0 else { return draft.events }
        draft.record(try draft.tree.decideReport(report, at: now))
        return draft.events
    }

    /// The number the report is stored under. Over REST the server gives it.
    private func number(for report: IncomingReport, of state: AppState) throws(Refusal) -> Int64 {
        guard let sequence = state.sequence else {
            preconditionFailure("the stored numbers of app \(state.id) were not loaded before its report")
        }
        if let place = report.spool { return self.spooledNumber(of: place, state, after: sequence) }
        guard let seq = report.seq else { return sequence.highest + 1 }
        // The last number is left out, so that there is always a next one.
        guard (1..<Int64.max).contains(seq) else { throw .conflict(state.id, seq: seq) }
        return seq
    }

    private func change(of state: AppState, by report: IncomingReport, at now: Timestamp) -> [Event] {
        let happening: Lifecycle.Happening =
            switch report.kind {
            case .status: .status
            case .result: .result
            case .error: .error
            }
        guard case .to(let status) = Lifecycle.step(from: state.status, on: happening), status != state.status else {
            return []
        }
        let deadline = status.isEnded ? nil : state.deadline
        return [
            .changed(
                Change(app: state.id, happening: happening, status: status, cause: nil, deadline: deadline, at: now))
        ]
    }

    private func stored(
        _ report: IncomingReport, of state: AppState, seq: Int64, isLate: Bool, at now: Timestamp
    ) -> Report {
        Report(
            app: report.app, incarnation: state.incarnation, seq: seq, kind: report.kind, messageID: report.messageID,
            timestamp: report.timestamp, receivedAt: now, correlation: report.correlation,
            payload: report.isTombstone ? "null" : report.payload, isLate: isLate, isTombstone: report.isTombstone)
    }
}

// MARK: - Leases

extension ProcessTree {
    func decideRenewal(of id: AppID, key: PublicKey, at now: Timestamp) throws(Refusal) -> [Event] {
        try self.prove(.app(id, key: key))
        return self.renewal(of: try self.known(id), at: now)
    }

    /// A call of a detached app: it lives, whatever was thought of it. Recorded when it is worth a record,
    /// which is when a sixteenth of the lease is used up.
    func renewal(of state: AppState, after events: [Event] = [], at now: Timestamp) -> [Event] {
        guard state.presence == .detached, let lease = state.lease, !state.status.isTerminal else { return [] }
        let hasEnded = events.contains {
            guard case .changed(let change) = $0 else { return false }
            return change.status.isEnded
        }
        guard !hasEnded else { return [] }
        var renewed: [Event] = []
        if case .restored = Lifecycle.step(from: state.status, on: .reregistered) {
            renewed.append(
                .returned(
                    Returned(
                        app: state.id, sessionEpoch: state.sessionEpoch, status: state.before,
                        gapSince: state.changedAt, deadline: state.deadline, at: now)))
        }
        let until = now + lease
        if !renewed.isEmpty || (state.deadline ?? now) + lease / 16 <= until {
            renewed.append(.leaseExtended(state.id, until: until))
        }
        return renewed
    }
}
