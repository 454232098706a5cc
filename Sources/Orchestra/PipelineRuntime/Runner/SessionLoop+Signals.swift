import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

extension SessionLoop {
    /// Takes one signal. What comes late is refused by the run, and that is the end of it.
    func handle(_ signal: Signal) async throws(RunStop) {
        switch signal {
        case .command(let command): self.obey(command)
        case .report(let key, let report): self.note(report, of: key)
        case .answer(let key, let given, let request): self.answer(key, given, request)
        case .request(let request): self.take(request)
        case .branch(let plan, let session, let ending):
            self.works.forget(.branch(session))
            self.branches[session] = nil
            try self.end(plan, ending)
        case .child(let plan, let session, let ending): try self.end(plan, session, ending)
        case .looked(let plan, let session, let report): self.note(report, of: plan, session)
        case .settle(let request, let text): self.settle(request, text)
        case .landed(let answer): try await self.land(answer)
        case .unreachable(let fault): self.tell(.storeUnreachable(fault.message))
        case .drain: self.drain()
        case .stop(let stop): throw stop
        }
    }

    private func obey(_ command: PipelineRun.Command) {
        switch command {
        case .finish(let key, _, _): self.works.forget(.attempt(key.text))
        case .wake(let key): self.works.forget(.delay(key.text))
        case .resolve(let key, _): self.works.forget(.question(key.text))
        default: break
        }
        let refusal = self.perform(command)
        if case .abort = command, refusal == nil { self.isAborted = true }
    }

    private func note(_ report: HandlerReport, of key: AttemptKey) {
        guard self.notes[key] != nil else { return }
        switch report {
        case .prompt(let text): self.notes[key]?.prompt = text
        case .response(let text): self.notes[key]?.response = text
        case .tool(let tool):
            self.notes[key]?.tools.append(tool)
            self.flush(key)
        case .agent(let turn): self.add(.agent(turn))
        case .worktree(let event): self.add(.worktree(event))
        case .saying(let line): self.tell(.modelSaid(NodeID(key.nodeText), line))
        case .note(let text): self.tell(.note(text))
        case .output(let lines): self.tell(.output(NodeID(key.nodeText), lines))
        }
    }

    /// Tools wait for the result of their attempt, as many as fit into its group.
    private func flush(_ key: AttemptKey) {
        guard let tools = self.notes[key]?.tools, tools.count >= Self.toolsMax else { return }
        for tool in tools { self.add(.tool(tool)) }
        self.notes[key]?.tools = []
    }

    private static let toolsMax = 100

    private func take(_ request: OwnerRequest) {
        guard let wish = SessionRequest(word: request.kind, body: request.body) else {
            return self.settle(request.id, "the request \(request.kind.quotedForPeople()) is not understood")
        }
        switch wish {
        case .pause: self.halt(.requestPause, for: request)
        case .abort: self.halt(.abort, for: request)
        case .cancel(let reason): self.halt(.requestCancel(reason: reason), for: request)
        case .answer(let text, let key, let person):
            self.answer(key, GivenAnswer(.text(text), by: person), request.id)
        case .steer(let text, let person):
            let refusal = self.perform(.steer(text, by: person))
            for inbox in self.branches.values { inbox.put(.command(.steer(text, by: person))) }
            self.settle(request.id, refusal?.description ?? "")
        case .resolve(let verdict):
            guard case .doubting(let attempt) = self.run.phase else {
                return self.settle(request.id, "no attempt is in doubt")
            }
            self.obey(.resolve(attempt.key, verdict))
            self.settle(request.id, "")
        }
    }

    private func halt(_ command: PipelineRun.Command, for request: OwnerRequest) {
        self.haltRequests.append(request.id)
        self.isDrained = false
        self.obey(command)
    }

    /// Takes an answer to the question with this key, or to the one that is open.
    private func answer(_ key: AttemptKey?, _ given: GivenAnswer, _ request: RequestID?) {
        guard case .asking(let attempt, let question) = self.run.phase, key == nil || key == attempt.key else {
            guard let request else { return }
            for inbox in self.branches.values { inbox.put(.answer(key, given, request)) }
            if self.branches.isEmpty, self.scene.isRoot { self.settle(request, "no such question is open") }
            return
        }
        let refusal = self.perform(
            .answer(attempt.key, given.answer, by: given.person, fraction: self.kit.world.fraction()))
        if refusal == nil { self.forget(attempt.key) }
        if let request {
            self.settle(request, refusal?.description ?? "")
        } else if let refusal {
            self.ask(question, complaint: refusal.description)
        }
    }

    /// Says the last word about a request, with the next group; empty when all is well.
    private func settle(_ request: RequestID, _ text: String) {
        if let settle = self.scene.settle { return settle(request, text) }
        self.settlements.append(Settlement(request, answer: Array(text.utf8)))
    }
}
