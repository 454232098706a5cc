package import Vocabulary

/// What a session was told from outside, for the nodes at work and for those to come.
package struct Instruction: Sendable, Hashable {
    /// At work when it came.
    package let attempt: Attempt
    package let text: String
    package let person: String
    package let time: Timestamp

    package init(attempt: Attempt, text: String, person: String, time: Timestamp) {
        self.attempt = attempt
        self.text = text
        self.person = person
        self.time = time
    }

    /// Under it the newest is in the context.
    package static let key = "stack.instruction"
}

extension Draft {
    /// A session that is paused hears it when it goes on.
    mutating func steer(_ text: String, by person: String) throws(PipelineRun.Refusal) {
        guard !self.run.isPaused, let attempt = self.run.attempt else { throw .notRunning }
        self.record(.steered(Instruction(attempt: attempt, text: text, person: person, time: self.now)))
    }
}
