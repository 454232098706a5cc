import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// What the record of a manager loop says about its child, as `RecordWriter` writes it and `RecordReader` reads it.
enum ChildTurn {
    /// `nil` for events about something else.
    static func turn(for event: PipelineRun.Event) -> ParallelExecution? {
        switch event {
        case .childOpened(let key, let session): self.turn(Word.childStarted, key, ["context": .string(session)])
        case .childObserved(let key, let cycle): self.turn(Word.childObserved, key, cycle.json)
        case .childSteered(let key, let text): self.turn(Word.childSteered, key, ["instruction": .string(text)])
        case .childDismissed(let key, let outcome):
            self.turn(Word.childDismissed, key, ["outcome": .object(outcome.json)])
        default: nil
        }
    }

    private static func turn(_ status: String, _ key: AttemptKey, _ facts: JSONObject) -> ParallelExecution {
        var object = facts
        object["attempt_key"] = .string(key.text)
        var turn = ParallelExecution(node: key.nodeText, branchCount: 1)
        turn.branchContexts = [.object(object)]
        turn.status = status
        return turn
    }

    /// `nil` for what `turn(for:)` does not write.
    static func event(of turn: ParallelExecution) -> PipelineRun.Event? {
        guard let facts = turn.branchContexts.first, let text = facts["attempt_key"]?.string else { return nil }
        let key = AttemptKey(text)
        return switch turn.status {
        case Word.childStarted: facts["context"]?.string.map { .childOpened(key, session: $0) }
        case Word.childObserved: ChildCycle(json: facts).map { .childObserved(key, $0) }
        case Word.childSteered: facts["instruction"]?.string.map { .childSteered(key, $0) }
        case Word.childDismissed:
            facts["outcome"].flatMap { try? Outcome(statusFile: $0) }.map { .childDismissed(key, $0) }
        default: nil
        }
    }

    /// What is told about such an event; `nil` for others.
    static func fact(of event: PipelineRun.Event) -> RunEvent.Fact? {
        switch event {
        case .childOpened(let key, let session):
            ContextID(session).map { .childStarted(NodeID(key.nodeText), session: $0) }
        case .childObserved(let key, let cycle): .childObserved(NodeID(key.nodeText), cycle)
        case .childSteered(let key, let text): .childSteered(NodeID(key.nodeText), text)
        case .childDismissed(let key, let outcome):
            .childDismissed(
                NodeID(key.nodeText), reason: outcome.failureReason.isEmpty ? outcome.notes : outcome.failureReason)
        case .steered(let instruction): .instructed(instruction)
        default: nil
        }
    }
}

extension HumanInteraction {
    /// What a session was told, as a turn: no question, and nothing to answer.
    init(_ instruction: Instruction) {
        self.init(node: instruction.attempt.node.text, question: instruction.text, kind: Word.instruction)
        self.questionID = instruction.attempt.key.text
        self.answer = Word.taken
        self.who = instruction.person
        self.at = instruction.time
    }
}

extension Instruction {
    /// `nil` for what people were asked. `attempt` is the one at work then.
    init?(_ human: HumanInteraction, for attempt: Attempt?, at time: Timestamp) {
        guard human.kind == Word.instruction, let attempt, attempt.key.text == human.questionID else { return nil }
        self.init(attempt: attempt, text: human.question, person: human.who ?? "", time: human.at ?? time)
    }
}
