import HashTreeCollections
import Hummingbird
import NIOCore
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

extension RESTService {
    private func read<Body: WireRecord>(_ type: Body.Type, _ caller: Caller) throws(FrameError) -> Body {
        try Body(parsing: caller.body)
    }

    private func command(_ command: ProcessTree.Command, _ caller: Caller) -> Job {
        var job = Job(command: command, nonce: caller.spending, reply: .none)
        job.origin = caller.app.map { Job.Origin(app: $0, address: caller.address) }
        return job
    }

    // MARK: Children and registration

    func declare(_ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(DeclareChildBody.self, caller)
        guard body.declaration.declaration.serverKey == self.key.publicKey else {
            throw FrameError(.badSignature, field: "declaration", "is for another server")
        }
        // The call is signed with the same key as the declaration, so it is by the declarer's word.
        guard body.declaration.isSigned(by: Verifier(caller.key), for: self.key.publicKey) else {
            throw FrameError(.badSignature, field: "declaration.sig", "is not that of the caller")
        }
        try self.checkLevel(body.level)
        let facts = Enrolling.facts(
            app: body.appID, parent: body.parentID, name: body.appName, level: body.level,
            scheduledAt: body.scheduledAt, tags: body.tags, roleRefs: body.roleRefs,
            declaration: body.declaration.declaration)
        let done = try await self.perform(
            self.command(.declare(facts, startDeadline: body.startDeadline, by: caller.principal), caller))
        return RESTAnswer(done.events.isEmpty ? .ok : .created, try await self.view(of: body.appID))
    }

    func withdraw(_ app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        _ = try await self.perform(self.command(.withdraw(app, by: caller.principal), caller))
        return RESTAnswer(.ok, try await self.view(of: app))
    }

    func register(_ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(RegisterAppBody.self, caller)
        guard caller.app == body.appID, caller.key == body.childKey else {
            throw FrameError(.badSignature, "an app registers with its own id and key")
        }
        try self.checkLevel(body.level)
        let facts = Enrolling.facts(
            app: body.appID, parent: body.parentID, name: body.appName, level: body.level,
            scheduledAt: body.scheduledAt, tags: body.tags, roleRefs: body.roleRefs,
            declaration: body.declaration?.declaration, recoveryKey: body.recoveryKey,
            isPermanentRoot: body.isPermanentRoot && body.parentID == nil)
        let registration = self.registration(
            facts, caller, declaration: body.declaration, proof: body.enrolmentProof(nonce: caller.nonce),
            lease: body.lease, process: body.processInfo)
        var job = self.command(.register(registration), caller)
        job.declaration = body.declaration
        let done = try await self.perform(job)
        guard !done.isConflict else { throw Self.error(.keyMismatch(body.appID)) }
        let view = try await self.view(of: body.appID)
        return RESTAnswer(
            done.events.isEmpty ? .ok : .created, RegisteredAppView(app: view, serverInstance: self.instance))
    }

    private func registration(
        _ facts: AppFacts, _ caller: Caller, declaration: SignedDeclaration?, proof: EnrolmentProof?,
        lease: Duration?, process: ProcessFacts?
    ) -> Registration {
        let enrolling = Enrolling(key: self.key.publicKey)
        let enrolment = proof.flatMap { enrolling.enrolment(declaration, $0, facts, in: self.tree()) }
        return Registration(
            facts: facts, key: caller.key, isProven: true, enrolment: enrolment, presence: .detached, lease: lease,
            process: process?.json.sortedText())
    }

    func checkLevel(_ level: SecurityLevel) throws(FrameError) {
        switch level {
        case .open where !self.isOpenAllowed:
            throw FrameError(
                .notAuthorized, "level open is not allowed here", hint: "use signed, or start trailsd with --allow-open"
            )
        case .full where !self.isSecure:
            throw FrameError(
                .notAuthorized, "level full needs TLS", hint: "start trailsd with --tls-cert and --tls-key")
        case .encrypted:
            throw FrameError(.unsupportedVersion, "this server does not speak level encrypted yet")
        default: break
        }
    }

    // MARK: Reports

    func report(_ app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(PostMessagesBody.self, caller)
        var receipts: [MessageReceipt] = []
        for (index, message) in body.messages.enumerated() {
            receipts.append(try await self.report(message, of: app, caller, spendsNonce: index == 0))
        }
        guard body.isSingle else { return RESTAnswer(.ok, TrailsWire.Page(items: receipts)) }
        return RESTAnswer(.ok, receipts[0])
    }

    private func report(
        _ message: PostedMessage, of app: AppID, _ caller: Caller, spendsNonce: Bool
    ) async throws -> MessageReceipt {
        guard caller.app == app else {
            throw FrameError(
                .notAuthorized, "an app reports for itself alone", hint: "sign with the key of \(app.short)")
        }
        var report = IncomingReport(
            app: app, session: nil, signer: caller.key, kind: message.kind, seq: nil, messageID: message.messageID,
            timestamp: message.timestamp, correlation: message.correlationID?.description,
            payload: message.payload.sortedText())
        var job = self.command(.report(report), caller)
        if let enrolment = message.enrolment {
            let facts = Enrolling.facts(
                app: app, parent: enrolment.parentID, name: enrolment.appName, level: enrolment.level,
                scheduledAt: enrolment.scheduledAt, tags: [:], roleRefs: [],
                declaration: enrolment.declaration.declaration)
            report.registration = self.registration(
                facts, caller, declaration: enrolment.declaration,
                proof: enrolment.proof(of: caller.key, nonce: caller.nonce), lease: nil, process: enrolment.processInfo)
            job.declaration = enrolment.declaration
            job.command = .report(report)
        }
        if !spendsNonce { job.nonce = nil }
        let done = try await self.perform(job)
        guard let receipt = done.receipt else { throw Self.error(.keyMismatch(app)) }
        return receipt
    }

    func disconnect(_ app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(DisconnectBody.self, caller)
        guard caller.app == app else { throw FrameError(.notAuthorized, "an app leaves for itself alone") }
        _ = try await self.perform(
            self.command(
                .disconnect(app, session: nil, signer: caller.key, DisconnectReason(body.reason)), caller))
        return RESTAnswer(.ok, try await self.view(of: app))
    }

    // MARK: Commands

    func giveControl(
        _ app: AppID, _ request: Request, _ caller: Caller, on eventLoop: any EventLoop
    ) async throws -> RESTAnswer {
        let body = try self.read(ControlBody.self, caller)
        let wait = try Self.parameter("wait", of: request, "seconds, up to 300") { text in
            Int64(text).flatMap { (0...300).contains($0) ? $0 : nil }
        }
        guard body.action != Control.cancelAction else {
            throw FrameError(.badMessage, field: "action", "cancel has a call of its own: POST apps/ID/cancel")
        }
        let command = ControlRequest(
            id: body.correlationID, target: app, action: body.action, payload: body.payload.sortedText(),
            scope: body.scope == .node ? .node : .subtree, timeToLive: body.timeToLive, issuedAt: body.issuedAt,
            issuer: try self.envelope(body.command(to: app), body.issuer, caller))
        var job = self.command(.control(command, by: caller.principal), caller)
        job.filter = body.filter.map(JSONValue.object)
        guard let wait, wait > 0 else {
            let done = try await self.perform(job)
            return RESTAnswer(
                .accepted, ControlView(correlationID: body.correlationID, queued: Int64(done.controls.count)))
        }
        let waiting = self.board.expect(on: eventLoop)
        defer { self.board.giveUp(waiting) }
        let done = try await self.perform(job)
        var queued = Set(done.controls.map(\.id))
        if done.events.isEmpty {
            // A repeat waits for what is still open.
            let known = try await self.controls(body.correlationID, seenBy: caller)
            queued = Set(known.filter { $0.answer == nil }.map(\.control.id))
        }
        self.board.given(queued, to: waiting)
        let timeout = eventLoop.scheduleTask(in: .seconds(wait)) { self.board.giveUp(waiting) }
        let answers = try await waiting.answered.get()
        timeout.cancel()
        if let seen = self.seen(done.controls, answers, by: caller) {
            return RESTAnswer(.ok, ControlView(body.correlationID, seen))
        }
        return RESTAnswer(
            .ok, ControlView(body.correlationID, try await self.controls(body.correlationID, seenBy: caller)))
    }

    /// Commands that were just given with the answers that came, as they are stored; `nil`: the store must be asked.
    private func seen(
        _ controls: [Control], _ answers: [CorrelationID: ControlAnswer], by caller: Caller
    ) -> [StoredControl]? {
        guard !controls.isEmpty else { return nil }
        let tree = self.tree()
        var seen: [StoredControl] = []
        for control in controls {
            guard let answer = answers[control.id], tree.apps[control.app] != nil else { return nil }
            do {
                try tree.authorize(caller.principal, .read, control.app)
            } catch {
                return nil
            }
            seen.append(StoredControl(control: control, answer: answer))
        }
        return seen
    }

    /// What was queued under an identifier, as far as the caller may see whom it was for.
    func controls(_ id: CorrelationID, seenBy caller: Caller) async throws -> [StoredControl] {
        let controls = try await self.reader.controls(origin: id)
        guard let reader = caller.app else { return controls }
        var seen: [StoredControl] = []
        for control in controls {
            switch try await self.reader.standing(of: reader, key: caller.key, to: control.control.app) {
            case .itself, .ancestor: seen.append(control)
            case .unknown, .revoked, .keyMismatch, .stranger: break
            }
        }
        return seen
    }

    /// What the issuer signed, once it is clear that it is the caller.
    private func envelope(_ command: IssuedCommand, _ issuer: Issuer?, _ caller: Caller) throws(FrameError) -> String? {
        guard let issuer else { return nil }
        guard issuer.appID == caller.app, issuer.publicKey == caller.key,
            issuer.signed(command, for: self.key.publicKey)
        else { throw FrameError(.badSignature, field: "issuer.sig", "is not the caller's over this command") }
        return IssuedEnvelope(command, by: issuer).text
    }

    func cancel(_ app: AppID, _ request: Request, _ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(CancelBody.self, caller)
        let isDeep = request.uri.queryParameters.get("cascade") == "true"
        var envelope: String?
        if let issuer = body.issuer, let command = body.command(to: app, cascade: isDeep) {
            envelope = try self.envelope(command, issuer, caller)
        }
        let cancel = CancelRequest(
            id: body.cascadeID, target: app, isDeep: isDeep, reason: body.reason ?? "",
            payload: body.payload.sortedText(), grace: body.grace, issuer: envelope)
        let done = try await self.perform(self.command(.cancel(cancel, by: caller.principal), caller))
        guard let stored = try await self.reader.cascade(body.cascadeID) else {
            throw FrameError(.storeUnavailable, "cancel \(body.cascadeID) cannot be read")
        }
        return RESTAnswer(done.events.isEmpty ? .ok : .accepted, CascadeView(stored))
    }

    // MARK: Keys

    func revoke(_ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(RevokeBody.self, caller)
        _ = try await self.perform(
            self.command(.revoke(body.appID, reason: body.reason ?? "", by: caller.principal), caller))
        return RESTAnswer(.ok, try await self.view(of: body.appID))
    }

    func bind(_ app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(BindBody.self, caller)
        let request = BindRequest(app: app, ranges: body.ranges, from: caller.address)
        _ = try await self.perform(self.command(.bind(request, by: caller.principal), caller))
        return RESTAnswer(.ok, try await self.view(of: app))
    }

    func rekey(_ app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        let body = try self.read(RekeyBody.self, caller)
        guard body.isProven(for: app, on: self.key.publicKey) else {
            throw FrameError(.badSignature, field: "proof", "does not show that somebody holds the new key")
        }
        // Who signs as the app itself cannot have lost its key; then it is the recovery key that speaks.
        let principal: Principal =
            caller.app == app ? .recovery(app, key: caller.key) : caller.principal
        _ = try await self.perform(self.command(.rekey(app, key: body.publicKey, by: principal), caller))
        return RESTAnswer(.ok, try await self.view(of: app))
    }
}

extension Job.Done {
    /// What its sender is told of a message; `nil` when another holds the app.
    var receipt: MessageReceipt? {
        guard !self.isConflict, let stored = self.report, let state = self.state else { return nil }
        let place = self.events.firstIndex { if case .reported = $0 { true } else { false } }
        let event = self.firstID.map { $0.number + Int64(place ?? 0) } ?? self.repeated?.number ?? 0
        return MessageReceipt(seq: stored.seq, eventID: event, isLate: stored.isLate, status: state.status)
    }

    /// The commands that were queued.
    var controls: [Control] {
        self.events.compactMap { if case .queued(let control) = $0 { control } else { nil } }
    }
}
