import PipelineTurns

/// What is on record about one visit of a node, as a state machine that knows what may follow what.
///
/// ```
///   started n ──► retrying n ──► started n+1 ──► … ──► result, and nothing after it
///       │  `──► aborted n ──► started n
///       `──► (resumed) ──► started n, if n is the last or the work is known to be harmless
/// ```
struct VisitHistory {
    private enum State { case fresh, started, retrying, aborted, done }

    let key: String
    private var state = State.fresh
    private var number: UInt64 = 0
    /// How often its session had been resumed at the last turn.
    private var resumptions = 0
    private(set) var complaints: [String] = []
    /// As the result says.
    private(set) var status: String?

    init(_ key: String) { self.key = key }

    mutating func add(_ turn: NodeExecution, resumptions: Int) {
        let number = turn.attempt ?? 0
        let max = turn.attemptsMax ?? 0
        let before = "\(self.state) \(self.number)"
        if number > max { self.complain("attempt \(number) of \(max)") }
        switch turn.status {
        case "started":
            if !self.mayStart(number, turn, resumptions) { self.complain("attempt \(number) started after \(before)") }
            self.state = .started
        case "retrying":
            if self.state != .started || number != self.number { self.complain("retrying \(number) after \(before)") }
            self.state = .retrying
        case "aborted":
            if self.state != .started || number != self.number { self.complain("aborted \(number) after \(before)") }
            self.state = .aborted
        default:
            if self.state != .started || number != self.number {
                self.complain("result \(turn.status) of attempt \(number) after \(before)")
            }
            self.state = .done
            self.status = turn.status
        }
        self.number = number
        self.resumptions = resumptions
    }

    private func mayStart(_ number: UInt64, _ turn: NodeExecution, _ resumptions: Int) -> Bool {
        switch self.state {
        case .fresh: return number == 1
        case .retrying: return number == self.number + 1
        case .aborted: return number == self.number
        case .started:
            // The one case of an attempt that is made again, under its own key: its fate is unknown.
            let isLast = number == turn.attemptsMax || turn.handler != "tool"
            return number == self.number && isLast && resumptions > self.resumptions
        case .done: return false
        }
    }

    private mutating func complain(_ what: String) { self.complaints.append("visit \(self.key): \(what)") }
}

extension String {
    /// An attempt key without its session, which is another in another run.
    var withoutSession: String { self.firstIndex(of: "/").map { String(self[$0...]) } ?? self }

    /// An attempt key without the number of the attempt.
    var visit: String { self.lastIndex(of: ".").map { String(self[..<$0]) } ?? self }
}
