import HashTreeCollections
import Hummingbird
import Synchronization
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

// What a dead app has left on disk. Whoever posts it needs no right to anything: each message is signed by its app.

extension RESTService {
    func takeSpool(_ caller: Caller) async throws -> RESTAnswer {
        // Thousands of signatures, perhaps: not on the event loop, where others wait.
        try await withTaskExecutorPreference(globalConcurrentExecutor) { try await self.take(caller) }
    }

    private func take(_ caller: Caller) async throws -> RESTAnswer {
        let body = try SpoolBody(parsing: caller.body)
        var outcomes: [SpoolReceipt.Outcome?] = []
        var jobs: [Job] = []
        var senders: [AppID: SpoolSender] = [:]
        for post in body.messages {
            let app = post.message.appID
            if senders[app] == nil { senders[app] = try await self.sender(app, body.registers) }
            do throws(FrameError) {
                jobs.append(try self.job(for: post, senders[app], caller))
                outcomes.append(nil)
            } catch {
                outcomes.append(.refused(error.code, message: error.message, hint: error.hint))
            }
        }
        var answers = try await self.perform(jobs).makeIterator()
        let receipts = zip(body.messages, outcomes).map { post, outcome in
            let outcome = outcome ?? answers.next().map { SpoolReceipt.Outcome($0, of: post.message.appID) }
            return SpoolReceipt(
                messageID: post.message.messageID,
                outcome: outcome ?? .refused(.storeUnavailable, message: "no answer came", hint: nil))
        }
        return RESTAnswer(.ok, TrailsWire.Page(items: receipts))
    }

    /// What is known of an app, by the server or by the spool.
    private func sender(_ app: AppID, _ registers: [SpooledRegistration]) async throws -> SpoolSender {
        var state = self.tree().apps[app]
        if state == nil { state = try await self.reader.state(of: app) }
        return SpoolSender(state, registers.last { $0.frame.appID == app })
    }

    private func job(for post: SpooledPost, _ sender: SpoolSender?, _ caller: Caller) throws(FrameError) -> Job {
        let message = post.message
        let payload = message.payload.sortedText()
        guard payload.utf8.count <= self.messageMax else {
            throw FrameError(.tooLarge, "a message of \(payload.utf8.count) bytes is over the limit")
        }
        guard let sender, let level = sender.level else { throw Self.unknown(message.appID) }
        let signer = sender.keys.first { message.isSigned(by: Verifier($0), for: self.key.publicKey) }
        guard signer != nil || level == .open else {
            throw FrameError(.badSignature, field: "sig", "is not that of app \(message.appID.short)")
        }
        var report = IncomingReport(
            app: message.appID, session: nil, signer: signer, kind: message.kind, seq: nil,
            messageID: message.messageID, timestamp: message.timestamp,
            correlation: message.correlationID?.description, payload: payload,
            spool: SpoolPlace(
                number: post.number.map { SpoolPlace.Number(incarnation: Int($0.incarnation), seq: $0.seq) }))
        var job = Job(command: .report(report), reply: .none)
        if !sender.isRegistered, let registration = sender.registration {
            report.registration = try self.registration(registration)
            job.declaration = registration.frame.declaration
            job.command = .report(report)
        }
        job.origin = Job.Origin(app: message.appID, address: caller.address)
        return job
    }

    /// Registers an app that died before it could; it holds no connection.
    private func registration(_ spooled: SpooledRegistration) throws(FrameError) -> Registration {
        let frame = spooled.frame
        let facts = Enrolling.facts(of: frame, now: self.now())
        try self.checkLevel(facts.level)
        let enrolling = Enrolling(key: self.key.publicKey)
        return Registration(
            facts: facts, key: frame.childKey, isProven: spooled.isSigned(for: self.key.publicKey),
            enrolment: frame.enrolmentProof.flatMap {
                enrolling.enrolment(frame.declaration, $0, facts, in: self.tree())
            },
            presence: .detached, process: frame.processInfo?.json.sortedText())
    }
}

/// The app whose messages are posted.
private struct SpoolSender {
    var isRegistered: Bool
    /// `nil` when nothing is known of it.
    var level: SecurityLevel?
    /// Its keys, or the one that it registers with.
    var keys: [PublicKey]
    var registration: SpooledRegistration?

    init(_ state: AppState?, _ registration: SpooledRegistration?) {
        self.isRegistered = state.map { $0.incarnation > 0 } ?? false
        self.registration = registration
        let frame = registration?.frame
        let isPlaceholder = state?.facts.origin == .placeholder
        self.level = isPlaceholder ? nil : state?.facts.level
        if self.level == nil { self.level = frame.map { $0.declaration?.declaration.level ?? $0.level ?? .open } }
        self.keys =
            self.isRegistered
            ? [state?.key, state?.claimedKey].compactMap(\.self) : [frame?.childKey].compactMap(\.self)
    }
}

extension SpoolReceipt.Outcome {
    init(_ answer: Job.Answer, of app: AppID) {
        switch answer {
        case .success(let done):
            guard let receipt = done.receipt else {
                self.init(.failure(.refused(.keyMismatch(app))), of: app)
                return
            }
            let isRepeat = !done.events.contains { if case .reported = $0 { true } else { false } }
            self = isRepeat ? .duplicate(receipt) : .stored(receipt)
        case .failure(let failure):
            let error = failure.frameError
            self = .refused(error.code, message: error.message, hint: error.hint)
        }
    }
}

// MARK: - Many commands at once

extension RESTService {
    /// Sends commands through the writer together and waits until all are committed.
    func perform(_ jobs: [Job]) async throws(FrameError) -> [Job.Answer] {
        guard !jobs.isEmpty else { return [] }
        guard !self.isDraining() else { throw Job.Failure.draining.frameError }
        return await withCheckedContinuation { continuation in
            let answers = Answers(count: jobs.count) { continuation.resume(returning: $0) }
            let jobs = jobs.enumerated().map { place, job in
                var job = job
                job.reply = .call { answers.put($0, at: place) }
                return job
            }
            if !self.submit(jobs) { for place in jobs.indices { answers.put(.failure(.overloaded), at: place) } }
        }
    }
}

/// Collects the answers to many commands until the last is there.
private final class Answers: Sendable {
    private let state: Mutex<(answers: [Job.Answer?], missing: Int)>
    private let whenComplete: @Sendable ([Job.Answer]) -> Void

    init(count: Int, whenComplete: @escaping @Sendable ([Job.Answer]) -> Void) {
        self.state = Mutex((Array(repeating: nil, count: count), count))
        self.whenComplete = whenComplete
    }

    func put(_ answer: Job.Answer, at place: Int) {
        let answers: [Job.Answer]? = self.state.withLock { state in
            state.answers[place] = answer
            state.missing -= 1
            return state.missing == 0 ? state.answers.compactMap(\.self) : nil
        }
        if let answers { self.whenComplete(answers) }
    }
}
