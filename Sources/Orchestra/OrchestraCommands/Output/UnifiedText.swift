/// What differs between two texts, in the form of `diff -u`: lines with `-` and `+`, and three around them.
enum UnifiedText {
    /// Lines of either text; longer ones are not compared line by line.
    static let linesMax = 2_000
    private static let around = 3

    private enum Line {
        case both(String), left(String), right(String)

        var text: String {
            switch self {
            case .both(let text): " \(text)"
            case .left(let text): "-\(text)"
            case .right(let text): "+\(text)"
            }
        }

        var isChange: Bool {
            if case .both = self { false } else { true }
        }
    }

    /// Empty when they are equal.
    static func lines(_ left: String, _ right: String) -> [String] {
        guard left != right else { return [] }
        let (first, second) = (self.split(left), self.split(right))
        guard first.count <= self.linesMax, second.count <= self.linesMax else {
            return ["-(\(first.count) lines)", "+(\(second.count) lines)"]
        }
        return self.hunks(of: self.merged(first, second))
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func merged(_ left: [String], _ right: [String]) -> [Line] {
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in right.difference(from: left) {
            switch change {
            case .remove(let place, _, _): removed.insert(place)
            case .insert(let place, _, _): inserted.insert(place)
            }
        }
        var lines: [Line] = []
        var (first, second) = (0, 0)
        while first < left.count || second < right.count {
            if removed.contains(first) {
                lines.append(.left(left[first]))
                first += 1
            } else if inserted.contains(second) {
                lines.append(.right(right[second]))
                second += 1
            } else {
                lines.append(.both(left[first]))
                (first, second) = (first + 1, second + 1)
            }
        }
        return lines
    }

    private static func hunks(of lines: [Line]) -> [String] {
        var kept: Set<Int> = []
        for (place, line) in lines.enumerated() where line.isChange {
            kept.formUnion(max(0, place - self.around)...min(lines.count - 1, place + self.around))
        }
        var said: [String] = []
        var (first, second) = (1, 1)
        for (place, line) in lines.enumerated() {
            if kept.contains(place) {
                if !kept.contains(place - 1) { said.append("@@ -\(first) +\(second) @@") }
                said.append(line.text)
            }
            if case .right = line {} else { first += 1 }
            if case .left = line {} else { second += 1 }
        }
        return said
    }
}
