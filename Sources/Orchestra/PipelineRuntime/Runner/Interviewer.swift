package import PipelineCore

/// Asks people.
///
/// The runner keeps the time limit of a question, and takes answers through the store as well: whichever comes first
/// counts, and the task of the other is cancelled.
package protocol Interviewer: Sendable {
    /// Asks until there is an answer; `complaint` says why the one before was not taken. `nil` when nobody here can
    /// answer: the question then stays open, for an answer through the store or for its time limit.
    func ask(_ question: Question, complaint: String?) async -> GivenAnswer?

    /// Asks what to do with an attempt of which nobody knows whether it happened; `nil` as above.
    func judge(_ attempt: Attempt) async -> UnknownFateVerdict?
}

/// What somebody answered.
package struct GivenAnswer: Sendable, Hashable {
    package let answer: Answer
    /// Who, for the record.
    package let person: String

    package init(_ answer: Answer, by person: String) {
        self.answer = answer
        self.person = person
    }
}
