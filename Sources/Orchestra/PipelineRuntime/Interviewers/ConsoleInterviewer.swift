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
    private let isMultiLine: Bool
    private let write: @Sendable (String) -> Void

    /// `write` shows text at once. `person` goes on record with each answer.
    ///
    /// - Parameter isMultiLine: What is said to an agent may have many lines; an empty one ends it.
    package init(
        _ lines: LineReader, person: String, isMultiLine: Bool = false, write: @escaping @Sendable (String) -> Void
    ) {
        self.lines = lines
        self.person = person
        self.isMultiLine = isMultiLine
        self.write = write
    }

    package func ask(_ question: Question, complaint: String?) async -> GivenAnswer? {
        self.lines.dropTypedAhead()
        if let complaint { self.write("\(complaint.shownToPeople())\n") }
        self.write(Self.text(of: question))
        while true {
            switch await self.next(for: question) {
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

    /// A line; to an open question, if so wished, all lines up to an empty one. A line that ends a talk stands alone.
    private func next(for question: Question) async -> LineReader.Line {
        guard self.isMultiLine, question.kind == .freeform else { return await self.lines.next() }
        var text: [String] = []
        while true {
            switch await self.lines.next() {
            case .text(let line):
                if text.isEmpty, line.trimmed.isEmpty || line.trimmed.hasPrefix("/") { return .text(line) }
                if line.trimmed.isEmpty { return .text(text.joined(separator: "\n")) }
                text.append(line)
            case .end: return text.isEmpty ? .end : .text(text.joined(separator: "\n"))
            case .withdrawn: return .withdrawn
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
        let text = question.text.linesShownToPeople
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
        case .freeform: return text.isEmpty ? nil : .text(line)
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

extension String {
    /// As `shownToPeople`, line by line: agents say more than one, and all of it matters.
    package var linesShownToPeople: String {
        self.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.description.shownToPeople(scalarsMax: 4_000)
        }
        .joined(separator: "\n")
    }
}
