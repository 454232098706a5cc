import PipelineCore
import PipelineRuntime

/// Asks on a terminal on which a run is drawn: one stands still while the other talks.
struct StillInterviewer: Interviewer {
    let other: any Interviewer
    let screen: LiveScreen

    func ask(_ question: Question, complaint: String?) async -> GivenAnswer? {
        await self.screen.still { await self.other.ask(question, complaint: complaint) }
    }

    func judge(_ attempt: Attempt) async -> UnknownFateVerdict? {
        await self.screen.still { await self.other.judge(attempt) }
    }
}
