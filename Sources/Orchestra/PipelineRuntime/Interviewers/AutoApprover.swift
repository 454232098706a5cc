package import PipelineCore

/// Says yes to everything, and takes the first choice.
package struct AutoApprover: Interviewer {
    package static let person = "auto-approve"

    package init() {}

    package func ask(_ question: Question, complaint: String?) async -> GivenAnswer? {
        let text =
            switch question.kind {
            case .yesNo, .confirmation: "YES"
            case .multipleChoice: question.choices.first?.key ?? ""
            // What an agent says is approved; who would answer it?
            case .freeform: question.choices.first?.key ?? "auto-approved"
            }
        return GivenAnswer(.text(text), by: Self.person)
    }

    package func judge(_ attempt: Attempt) async -> UnknownFateVerdict? { .retry }
}
