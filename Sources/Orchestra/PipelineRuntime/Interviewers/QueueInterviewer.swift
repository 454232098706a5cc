package import PipelineCore
import Synchronization

/// Gives prepared answers in their order, and then skips.
package final class QueueInterviewer: Interviewer {
    private let answers: Mutex<ArraySlice<Answer>>
    private let verdicts: Mutex<ArraySlice<UnknownFateVerdict>>

    package init(_ answers: [Answer], verdicts: [UnknownFateVerdict] = []) {
        self.answers = Mutex(answers[...])
        self.verdicts = Mutex(verdicts[...])
    }

    package func ask(_ question: Question, complaint: String?) async -> GivenAnswer? {
        GivenAnswer(self.answers.withLock { $0.popFirst() } ?? .skipped, by: "queue")
    }

    package func judge(_ attempt: Attempt) async -> UnknownFateVerdict? { self.verdicts.withLock { $0.popFirst() } }
}
