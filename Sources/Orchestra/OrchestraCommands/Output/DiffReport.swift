import PipelineRuntime
import TurnModel
import Vocabulary

/// What `orchestra diff` says of two sessions, for people and for programs.
struct DiffReport {
    let left: SessionSummary
    let right: SessionSummary
    let comparison: SessionComparison
    /// By the turns of steps whose texts differ.
    let texts: [TurnID: (prompt: String?, response: String?)]

    var isSame: Bool { self.comparison.isSame && self.left.status == self.right.status }

    // MARK: For people

    var text: String {
        var lines = [Self.title("---", self.left), Self.title("+++", self.right), self.common]
        if !self.comparison.opening.isEmpty {
            lines.append("! before the first node")
            lines += Self.lines(self.comparison.opening)
        }
        var same: [SessionStep] = []
        for pair in self.comparison.pairs {
            if pair.isSame, let step = pair.left {
                same.append(step)
                continue
            }
            lines += Self.same(same) + self.lines(pair)
            same = []
        }
        return (lines + Self.same(same)).joined(separator: "\n")
    }

    private static func title(_ mark: String, _ session: SessionSummary) -> String {
        "\(mark) session \(session.displayID) (context \(session.context)): \(session.name.shownToPeople()), "
            + "\(session.status.rawValue), \(session.turnCount) turns"
    }

    private var common: String {
        guard let common = self.comparison.common else { return "no turns in common" }
        return "\(common.count) turns in common, the last is turn \(common.last)"
    }

    private static func same(_ steps: [SessionStep]) -> [String] {
        guard let first = steps.first, let last = steps.last else { return [] }
        guard steps.count > 1 else { return ["  \(first.key) is the same"] }
        return ["  \(first.key) to \(last.key): \(steps.count) the same"]
    }

    private func lines(_ pair: SessionComparison.Pair) -> [String] {
        guard let left = pair.left else { return pair.right.map { ["> \($0.key): \(Self.end(of: $0))"] } ?? [] }
        guard let right = pair.right else { return ["< \(left.key): \(Self.end(of: left))"] }
        let ends = pair.hasSameEnd ? Self.end(of: left) : "\(Self.end(of: left)) | \(Self.end(of: right))"
        var lines = ["! \(left.key): \(ends)"] + Self.lines(pair.context)
        for (name, texts) in self.differing(left, right) {
            lines.append("    \(name):")
            lines += UnifiedText.lines(texts.0, texts.1).map { "    \($0.shownToPeople(scalarsMax: 500))" }
        }
        return lines
    }

    private static func end(of step: SessionStep) -> String {
        let attempt = step.attempt > 1 ? " at attempt \(step.attempt)" : ""
        return step.status + attempt + (step.failureReason.map { " (\($0.shownToPeople(scalarsMax: 500)))" } ?? "")
    }

    private static func lines(_ differences: [SessionComparison.ContextDifference]) -> [String] {
        differences.map { difference in
            let key = difference.key.shownToPeople()
            let shown = { (value: JSONValue) in value.sortedText().shownToPeople(scalarsMax: 300) }
            switch (difference.left, difference.right) {
            case (let left?, let right?): return "    context \(key): \(shown(left)) -> \(shown(right))"
            case (let left?, nil): return "    context -\(key): \(shown(left))"
            case (nil, let right?): return "    context +\(key): \(shown(right))"
            case (nil, nil): return ""
            }
        }
    }

    private func differing(_ left: SessionStep, _ right: SessionStep) -> [(String, (String, String))] {
        let (first, second) = (self.texts[left.turn], self.texts[right.turn])
        let all = [
            ("prompt", (first?.prompt ?? "", second?.prompt ?? "")),
            ("response", (first?.response ?? "", second?.response ?? "")),
        ]
        return all.filter { $0.1.0 != $0.1.1 }
    }

    // MARK: For programs

    var json: JSONObject {
        var object: JSONObject = [
            "same": .bool(self.isSame), "left": .object(self.left.json), "right": .object(self.right.json),
            "common_turns": .integer(Int64(self.comparison.common?.count ?? 0)),
            "common_turn": self.comparison.common.map { .string("\($0.last)") } ?? .null,
            "nodes": .array(self.comparison.pairs.map { .object(self.json($0)) }),
        ]
        if !self.comparison.opening.isEmpty { object["context"] = Self.json(self.comparison.opening) }
        return object
    }

    private func json(_ pair: SessionComparison.Pair) -> JSONObject {
        var object: JSONObject = ["same": .bool(pair.isSame)]
        if let step = pair.left ?? pair.right {
            object["node"] = .string(step.node)
            object["visit"] = .integer(Int64(clamping: step.visit))
            if !step.branch.isEmpty { object["branch"] = .string(step.branch) }
        }
        object["left"] = pair.left.map { Self.json($0) } ?? .null
        object["right"] = pair.right.map { Self.json($0) } ?? .null
        if !pair.context.isEmpty { object["context"] = Self.json(pair.context) }
        guard let left = pair.left, let right = pair.right else { return object }
        for (name, texts) in self.differing(left, right) {
            object["\(name)_diff"] = .array(UnifiedText.lines(texts.0, texts.1).map { .string($0) })
        }
        return object
    }

    private static func json(_ step: SessionStep) -> JSONValue {
        var object: JSONObject = [
            "turn": .string("\(step.turn)"), "status": .string(step.status),
            "attempt": .integer(Int64(clamping: step.attempt)),
        ]
        object["failure_reason"] = step.failureReason.map { .string($0) }
        return .object(object)
    }

    /// By key; a side that does not have it is left out.
    private static func json(_ differences: [SessionComparison.ContextDifference]) -> JSONValue {
        var object = JSONObject()
        for difference in differences {
            var sides = JSONObject()
            sides["left"] = difference.left
            sides["right"] = difference.right
            object[difference.key] = .object(sides)
        }
        return .object(object)
    }
}
