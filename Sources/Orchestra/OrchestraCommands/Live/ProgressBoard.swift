import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

/// What a terminal shows of a run: lines that stay, and below them the nodes at work.
///
/// ```
/// [Pipeline] started Review as session 3f9c2a
///   ✓ draft 2s 100ms                                  these stay
///   ⠹ test 41s                                        these are drawn again and again
///     Test Suite 'All tests' started
/// ```
struct ProgressBoard: Sendable {
    /// Lines of output below a node.
    static let tailMax = 3
    private static let spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    private struct Work: Sendable {
        let key: Key
        let title: String
        let since: Timestamp
        var tail: [String] = []
    }

    private struct Key: Hashable, Sendable {
        let session: ContextID
        let node: NodeID
    }

    private let hasColor: Bool
    private var works: [Work] = []
    private var displayID: DisplayID?
    private var frame = 0

    init(hasColor: Bool, displayID: DisplayID? = nil) {
        self.hasColor = hasColor
        self.displayID = displayID
    }

    var isIdle: Bool { self.works.isEmpty }

    /// Takes an event; answers with the line that stays, if it leaves one.
    mutating func take(_ event: RunEvent) -> String? {
        if case .pipelineStarted(let beginning) = event.fact { self.displayID = beginning.displayID }
        let name = { (node: NodeID) in (event.branch.map { "{\($0)} " } ?? "").shownToPeople() + node.text }
        switch event.fact {
        case .stageStarted(let attempt):
            let key = Key(session: event.session, node: attempt.node)
            self.works.removeAll { $0.key == key }
            self.works.append(Work(key: key, title: name(attempt.node), since: event.time))
            return nil
        case .checkpointSaved: return nil
        case .output(let node, let tail):
            let place = self.works.firstIndex { $0.key == Key(session: event.session, node: node) }
            if let place { self.works[place].tail = tail.suffix(Self.tailMax) }
            return nil
        case .stageCompleted(let report):
            self.end(report.attempt.node, event)
            let status = report.outcome.status == .success ? "" : " \(report.outcome.status.rawValue)"
            return "  \(self.green("✓")) \(name(report.attempt.node))\(status) \(report.duration.shown)"
        case .stageFailed(let report):
            self.end(report.attempt.node, event)
            let reason = report.outcome.failureReason.shownToPeople(scalarsMax: 2_000)
            return "  \(self.red("✗")) \(name(report.attempt.node)) \(report.duration.shown): \(reason)"
        case .stageRetrying(let retry): self.end(retry.attempt.node, event)
        case .stageAborted(let attempt): self.end(attempt.node, event)
        case .pipelineCompleted, .pipelineFailed, .pipelineCancelled, .pipelineRestarted, .pipelinePaused:
            self.works = []
        default: break
        }
        return EventLine(event: event, displayID: self.displayID).text
    }

    private mutating func end(_ node: NodeID, _ event: RunEvent) {
        self.works.removeAll { $0.key == Key(session: event.session, node: node) }
    }

    /// The nodes at work, oldest first, in lines no longer and no more than there is room for; with the length that one
    /// sees.
    mutating func lines(width: Int, height: Int, at now: Timestamp) -> [(text: String, length: Int)] {
        self.frame = (self.frame + 1) % Self.spinner.count
        var lines: [(text: String, isDim: Bool)] = []
        for work in self.works {
            let seconds = Duration.seconds(max(0, now.since(work.since).components.seconds))
            lines.append(("  \(Self.spinner[self.frame]) \(work.title) \(seconds.humanText)", false))
            lines += work.tail.map { ("    \($0.shownToPeople(scalarsMax: 500))", true) }
        }
        let room = max(1, height - 2)
        if lines.count > room {
            lines = lines.filter { !$0.isDim }
            let left = lines.count - room
            if left > 0 { lines = lines.prefix(room - 1) + [("  … and \(left + 1) more", false)] }
        }
        return lines.map { line in
            let scalars = line.text.unicodeScalars.prefix(max(1, width - 1))
            let cut = String(String.UnicodeScalarView(scalars))
            return (line.isDim ? self.dim(cut) : cut, scalars.count)
        }
    }

    private func green(_ text: String) -> String { self.colored(text, 32) }
    private func red(_ text: String) -> String { self.colored(text, 31) }
    private func dim(_ text: String) -> String { self.colored(text, 2) }

    private func colored(_ text: String, _ code: Int) -> String {
        self.hasColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
