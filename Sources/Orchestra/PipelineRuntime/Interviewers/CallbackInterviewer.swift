package import PipelineCore
import Synchronization

/// Lets the program that embeds a run answer.
package struct CallbackInterviewer: Interviewer {
    private let answer: @Sendable (Question, String?) async -> GivenAnswer?
    private let verdict: @Sendable (Attempt) async -> UnknownFateVerdict?

    /// `answer` is given the complaint about the answer before, if there was one.
    package init(
        answer: @escaping @Sendable (Question, String?) async -> GivenAnswer?,
        verdict: @escaping @Sendable (Attempt) async -> UnknownFateVerdict? = { _ in nil }
    ) {
        self.answer = answer
        self.verdict = verdict
    }

    package func ask(_ question: Question, complaint: String?) async -> GivenAnswer? {
        await self.answer(question, complaint)
    }

    package func judge(_ attempt: Attempt) async -> UnknownFateVerdict? { await self.verdict(attempt) }
}

/// Keeps what another interviewer was asked and answered.
package final class RecordingInterviewer: Interviewer {
    private let other: any Interviewer
    private let pairs = Mutex<[(question: Question, answer: GivenAnswer?)]>([])

    package init(_ other: any Interviewer) {
        self.other = other
    }

    package var recorded: [(question: Question, answer: GivenAnswer?)] { self.pairs.withLock { $0 } }

    package func ask(_ question: Question, complaint: String?) async -> GivenAnswer? {
        let answer = await self.other.ask(question, complaint: complaint)
        self.pairs.withLock { $0.append((question, answer)) }
        return answer
    }

    package func judge(_ attempt: Attempt) async -> UnknownFateVerdict? { await self.other.judge(attempt) }
}
