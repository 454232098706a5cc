import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

extension SessionLoop {
    /// Does what the run asked for; all events before it are on disk.
    func carryOut(_ effect: PipelineRun.Effect) async throws(RunStop) {
        switch effect {
        case .run(let attempt): self.start(attempt)
        case .sleep(let key, let time): self.sleep(key, until: time)
        case .ask(let question): self.ask(question, complaint: nil)
        case .withdraw(let question): self.forget(question.id)
        case .openBranch(let plan): try await self.open(plan)
        case .runBranch(let plan, let session): self.start(plan, in: session)
        case .pauseBranch(_, let session, let isAborting):
            self.branches[session]?.put(.command(isAborting ? .abort : .requestPause))
        case .cancelBranch(_, let session, let reason, let isAborting):
            self.branches[session]?.put(.command(.requestCancel(reason: reason)))
            if isAborting { self.branches[session]?.put(.command(.abort)) }
        case .openChild(let plan): try await self.open(plan)
        case .runChild(let plan, let session): self.start(plan, in: session)
        case .observeChild(let plan, let session, let time): self.observe(plan, session, at: time)
        case .steerChild(let plan, let session, let text, let number):
            self.steer(plan, session, text, number: number)
        case .haltChild(let plan, let session, let halt): self.halt(plan, in: session, halt)
        case .instruct(let instruction): self.instruct(instruction)
        case .stop(let attempt): self.works.cancel(.attempt(attempt.key.text))
        case .askAboutUnknown(let attempt): self.judge(attempt)
        case .say(let text): self.tell(.note(text))
        case .paused, .ended: break
        }
    }

    private func start(_ attempt: Attempt) {
        let (inbox, fraction) = (self.inbox, self.kit.world.fraction)
        guard let handler = self.kit.handlers[attempt.handler], let call = self.call(attempt) else {
            let reason = "no handler for type \(attempt.handler) is there"
            return inbox.put(.command(.finish(attempt.key, .fail(reason, isRetryable: false), fraction: nil)))
        }
        self.works.begin(.attempt(attempt.key.text)) {
            let outcome = await handler.run(call)
            inbox.put(.command(.finish(attempt.key, outcome, fraction: fraction())))
        }
    }

    private func call(_ attempt: Attempt) -> HandlerCall? {
        guard let node = self.run.graph[attempt.node], let context = self.journal.context else { return nil }
        let (inbox, run) = (self.inbox, self.run)
        return HandlerCall(
            attempt: attempt, node: node, graph: run.graph, context: run.context, briefing: run.briefing(of: attempt),
            session: context, displayID: self.scene.displayID,
            branch: self.run.branch?.id, place: self.kit.place
        ) { inbox.put(.report(attempt.key, $0)) }
    }

    private func sleep(_ key: AttemptKey, until time: Timestamp) {
        let (inbox, world) = (self.inbox, self.kit.world)
        self.works.start(.delay(key.text)) {
            let left = time.since(world.now())
            if left > .zero, (try? await world.sleep(left)) == nil { return }
            inbox.put(.command(.wake(key)))
        }
    }

    /// Asks whoever is there, and sets the clock if there is one.
    func ask(_ question: Question, complaint: String?) {
        let (inbox, world) = (self.inbox, self.kit.world)
        if let interviewer = self.kit.interviewer {
            let (store, root) = (self.store, self.scene.rootFence?.context ?? self.journal.context)
            self.works.start(.question(question.id.text)) {
                // Whoever gave an answer was told that it is taken: it comes before that of anybody who sits here.
                if complaint == nil, let root, await Self.isAnswered(question.id, in: root, of: store) { return }
                guard let given = await interviewer.ask(question, complaint: complaint), !Task.isCancelled else {
                    return
                }
                inbox.put(.answer(question.id, given, nil))
            }
        }
        guard let timeout = question.timeout, complaint == nil else { return }
        self.works.start(.clock(question.id.text)) {
            guard (try? await world.sleep(timeout)) != nil else { return }
            inbox.put(.answer(question.id, GivenAnswer(.timeout, by: "clock"), nil))
        }
    }

    /// Whether an answer waits in the store; the keeper brings it.
    private static func isAnswered(_ question: AttemptKey, in root: ContextID, of store: any TurnStore) async -> Bool {
        guard let requests = try? await store.requests(RequestQuery(context: root)) else { return false }
        return requests.contains { request in
            guard case .answer(_, let key, _)? = SessionRequest(word: request.kind, body: request.body) else {
                return false
            }
            return key == nil || key == question
        }
    }

    /// The question with this key is not open any more.
    func forget(_ question: AttemptKey) {
        self.works.forget(.question(question.text))
        self.works.forget(.clock(question.text))
    }

    /// For the program at work, if there is one: nodes to come find it in their context and in their prompt.
    private func instruct(_ instruction: Instruction) {
        guard let parent = self.kit.place.runDirectory else { return }
        let directory = RunDirectory(in: parent, of: self.scene.displayID)
        try? directory.files(of: instruction.attempt, branch: self.run.branch?.id).instruct(instruction.text)
    }

    private func judge(_ attempt: Attempt) {
        guard let interviewer = self.kit.interviewer else { return }
        let inbox = self.inbox
        self.works.start(.question(attempt.key.text)) {
            guard let verdict = await interviewer.judge(attempt), !Task.isCancelled else { return }
            inbox.put(.command(.resolve(attempt.key, verdict)))
        }
    }

    /// Looks after the lease, and for requests, as long as the loop works.
    func keep() {
        guard case .open(let context, let epoch) = self.journal.footing else { return }
        let keeper = Keeper(
            store: self.store, context: context, epoch: epoch, kit: self.kit, listens: self.scene.isRoot)
        let inbox = self.inbox
        self.works.start(.keeper) { await keeper.keep(inbox) }
    }
}
