package import PipelineCore
import Vocabulary

/// Asks the person at the terminal, or whoever writes into the pipe.
///
/// ```
/// [?] Ship it?
///   [Y] Yes
///   [N] No
/// Select: y
/// ```
/// It asks again until the answer means a choice: nothing is approved by accident.
package struct ConsoleInterviewer: Interviewer {
    private let lines: LineReader
    private let person: String
    private let write: @Sendable (String) -> Void

    /// `write` shows text at once. `person` goes on record with each answer.
    package init(_ lines: LineReader, person: String, write: @escaping @Sendable (String) -> Void) {
        self.lines = lines
        self.person = person
        self.write = write
    }

    package func ask(_ question: Question, complaint: String?) async -> GivenAnswer? {
        self.lines.dropTypedAhead()
        if let complaint { self.write("\(complaint.shownToPeople())\n") }
        self.write(Self.text(of: question))
        while true {
            switch await self.lines.next() {
            case .text(let line):
                if let answer = Self.answer(line, to: question) { return GivenAnswer(answer, by: self.person) }
                self.write("\(line.quotedForPeople()) is none of the choices\n\(Self.prompt(of: question))")
            case .end:
                self.write("\n(no more input)\n")
                return GivenAnswer(.timeout, by: self.person)
            case .withdrawn:
                self.write("\n(the question was withdrawn)\n")
                return nil
            }
        }
    }

    package func judge(_ attempt: Attempt) async -> UnknownFateVerdict? {
        self.lines.dropTypedAhead()
        self.write("[?] Nobody knows whether attempt \(attempt.number) of node \(attempt.node) happened\n")
        self.write("  [R] run it again\n  [F] count it as failed\n")
        while true {
            self.write("Select: ")
            switch await self.lines.next() {
            case .text(let line):
                switch line.trimmed.lowercased() {
                case "r", "retry": return .retry
                case "f", "fail": return .fail
                default: self.write("\(line.quotedForPeople()) is none of the choices\n")
                }
            case .end, .withdrawn: return nil
            }
        }
    }
}

extension ConsoleInterviewer {
    static func text(of question: Question) -> String {
        let choices = question.choices.map { "  [\($0.key.shownToPeople())] \($0.label.shownToPeople())\n" }
        let limit = question.timeout.map { " (within \($0.humanText))" } ?? ""
        let text = question.text.shownToPeople(scalarsMax: 2_000)
        return "[?] \(text)\(limit)\n" + choices.joined() + Self.prompt(of: question)
    }

    static func prompt(of question: Question) -> String {
        switch question.kind {
        case .multipleChoice: "Select: "
        case .yesNo, .confirmation: "[Y/N]: "
        case .freeform: "> "
        }
    }

    /// `nil` when `line` answers nothing.
    static func answer(_ line: String, to question: Question) -> Answer? {
        let text = line.trimmed
        switch question.kind {
        case .freeform: return .text(line)
        case .yesNo, .confirmation:
            switch text.lowercased() {
            case "y", "yes": return .text("YES")
            case "n", "no": return .text("NO")
            default: return nil
            }
        case .multipleChoice:
            let wanted = text.lowercased()
            let names = question.choices.flatMap { [$0.key, $0.label, $0.edgeLabel.trimmed, $0.target.text] }
            let clean = Accelerator.normalized(text)
            let isKnown = names.contains { $0.lowercased() == wanted || $0.lowercased() == clean }
            return wanted.isEmpty || !isKnown ? nil : .text(text)
        }
    }
}
