import PipelineCore
import PipelineRuntime
import Synchronization
import TrailsClient
import TrailsCore
import TrailsWire
import TurnModel
import Vocabulary

// What an event of the run means for its apps. On the queue.

extension PipelineApps {
    func take(_ event: RunEvent, in play: Play) {
        let session = event.session
        switch event.fact {
        case .stageStarted(let attempt):
            guard Stage.isShown(attempt.handler) else { return }
            self.start(Stage(attempt, in: session), attempt, in: play)
        case .stageRetrying(let retry):
            let number = "\(retry.attempt.number) of \(retry.attempt.max)"
            let note = "attempt \(number) failed: \(retry.reason.shownToPeople())"
            self.node(retry.attempt, session)?.status([
                "attempt": .integer(Int64(retry.attempt.number)), "note": .string(note),
            ])
        case .interviewStarted(let question):
            let stage = Stage(question, in: session)
            let note: JSONValue = .string("asks: \(question.text.shownToPeople())")
            self.open(stage, in: play).status(["note": note])
            play.client.status(["note": note, "answer": .string("orchestra answer \(play.displayID)")])
        case .stageCompleted(let report): self.end(Stage(report.attempt, in: session), StageEnd(report), in: play)
        case .stageFailed(let report): self.end(Stage(report.attempt, in: session), StageEnd(report), in: play)
        case .stageAborted(let attempt):
            let stage = Stage(attempt, in: session)
            self.cast.withLock { if $0.nodes[stage] != nil { $0.stopped[stage] = .some(event.branch) } }
        case .branchCompleted(let id, _): self.dismiss { $0 == id }
        default: self.take(ending: event.fact, in: play)
        }
    }

    private func take(ending fact: RunEvent.Fact, in play: Play) {
        switch fact {
        case .pipelineCompleted(let duration):
            play.client.result([
                "session": .string("\(play.displayID)"), "duration_ms": .integer(duration.wholeMilliseconds),
            ])
            self.finish(play, .completed)
        case .pipelineFailed(let failure, _):
            let detail: JSONValue = [
                "session": .string("\(play.displayID)"), "kind": .string(failure.kind.rawValue),
            ]
            play.client.error(failure.reason, detail: detail)
            self.finish(play, .completed)
        case .pipelineCancelled(let reason, _):
            play.client.status(["note": .string("cancelled: \(reason.shownToPeople())")])
            self.finish(play, .cancelled)
        case .pipelineRestarted(let node, _):
            play.client.result(["session": .string("\(play.displayID)"), "restarts_at": .string(node.text)])
            self.finish(play, .completed)
        case .pipelinePaused(let node):
            play.client.status([
                "note": .string("paused before \(node); go on with: orchestra resume \(play.displayID)"),
                "paused_at": .string(node.text), "resume_info": play.resumeInfo,
            ])
            self.finish(play, .detached)
        default: break
        }
    }

    /// The run has halted: whatever still has an app halts with it.
    private func finish(_ play: Play, _ reason: DisconnectReason) {
        let left = self.cast.withLock { cast in
            defer {
                cast.nodes = [:]
                cast.stopped = [:]
            }
            cast.farewell = reason
            cast.hasEnded = true
            return cast.nodes
        }
        for (_, client) in left {
            if reason == .detached { client.status(["note": "paused"]) }
            client.leave(reason == .detached ? .detached : .cancelled, isPatient: true)
        }
        play.over.open()
    }
}

// MARK: - Nodes

extension PipelineApps {
    private func start(_ stage: Stage, _ attempt: Attempt, in play: Play) {
        let client = self.open(stage, in: play)
        self.cast.withLock { _ = $0.stopped.removeValue(forKey: stage) }
        client.status(["attempt": .integer(Int64(attempt.number))])
        guard !attempt.isPure else { return }
        play.client.status(["note": .string(stage.label), "resume_info": play.resumeInfo])
    }

    /// The app of a stage, which begins now unless it is there.
    @discardableResult
    func open(_ stage: Stage, in play: Play) -> TrailsClient {
        if let known = self.cast.withLock({ $0.nodes[stage] }) { return known }
        let info = play.identity.node(stage, at: self.scene.now())
        let client = play.client.beside(RunIdentity.config(info, self.scene.environment))
        client.onCancel { [weak self] context in try await self?.cancel(stage, context) }
        self.cast.withLock { $0.nodes[stage] = client }
        return client
    }

    private func node(_ attempt: Attempt, _ session: ContextID) -> TrailsClient? {
        let stage = Stage(attempt, in: session)
        return self.cast.withLock { $0.nodes[stage] }
    }

    /// The last word about a stage. One that has no app now was passed over, or is no work.
    func end(_ stage: Stage, _ end: StageEnd, in play: Play) {
        let client = self.cast.withLock { cast in
            cast.stopped[stage] = nil
            return cast.nodes.removeValue(forKey: stage)
        }
        guard let client else { return }
        switch end {
        case .result(let payload): client.result(payload)
        case .error(let message, let detail): client.error(message, detail: detail)
        }
        client.leave(isPatient: true)
    }

    /// Stages that were stopped in a branch that is done, as their result is not wanted any more.
    private func dismiss(_ isMeant: (BranchID?) -> Bool) {
        let gone = self.cast.withLock { cast in
            let stages = cast.stopped.filter { isMeant($0.value) }.keys
            return stages.compactMap { stage in
                cast.stopped[stage] = nil
                return cast.nodes.removeValue(forKey: stage)
            }
        }
        for client in gone { client.leave(.cancelled, isPatient: true) }
    }
}

/// What a stage came to, as its app says it.
enum StageEnd: Sendable {
    case result(JSONValue)
    case error(String, JSONValue)

    private static let outputMax = 4_000

    init(_ report: StageReport) {
        let outcome = report.outcome
        var facts: JSONObject = [
            "status": .string(outcome.status.rawValue), "duration_ms": .integer(report.duration.wholeMilliseconds),
        ]
        if let output = outcome.contextUpdates["tool.output"]?.string, !output.isEmpty {
            facts["output"] = .string(String(output.suffix(Self.outputMax)))
        } else if !outcome.notes.isEmpty {
            facts["notes"] = .string(String(outcome.notes.prefix(Self.outputMax)))
        }
        if !outcome.preferredLabel.isEmpty { facts["preferred_label"] = .string(outcome.preferredLabel) }
        self.init(facts, failure: outcome.status == .fail ? outcome.failureReason : nil)
    }

    init(_ facts: JSONObject, failure: String?) {
        guard let failure else {
            self = .result(.object(facts))
            return
        }
        self = .error(failure.isEmpty ? "the node failed" : String(failure.prefix(1_000)), .object(facts))
    }
}
