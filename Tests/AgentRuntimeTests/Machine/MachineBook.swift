import AgentCore
import AgentRuntime
import Synchronization

/// What was acknowledged to the program and to its agents, and what was asked for: the oracle of the machine. It never
/// looks at the disk.
final class MachineBook: Sendable {
    struct Page {
        /// Acknowledged, by name.
        var agents: [String: AgentID] = [:]
        /// Whose end was asked for, by anybody.
        var mayBeGone: Set<String> = []
        var ended: Set<String> = []
        /// Messages that were acknowledged, in order, with who wrote them to whom.
        var sent: [(message: Int, from: String, to: String)] = []
        /// Who may hear of a message, for it was asked for.
        var mayHear: [Int: Set<String>] = [:]
        var casts: Set<Int> = []
        /// Which messages an agent was shown, in the order of the first time.
        var shown: [String: [Int]] = [:]
        /// Messages that the operator has seen, and those that he has taken out.
        var taken: Set<Int> = []
        var acknowledged: Set<Int> = []
        /// Children that are there if the turn that has asked for them ends well.
        var promised: [String: String] = [:]
        /// What of earlier lives of the host is too late to count.
        var life = 0
        var wrong: [String] = []
        /// Values of a datum: what was acknowledged last, and what was asked for after that.
        var data: [String: (known: Int?, possible: Set<Int>)] = [:]
        /// By request key.
        var answers: [String: String] = [:]
        var parents: [String: String] = [:]
    }

    private let page = Mutex(Page())

    func note(_ change: (inout Page) -> Void) { self.page.withLock { change(&$0) } }
    var all: Page { self.page.withLock { $0 } }
}

extension MachineBook.Page {
    /// Whether an agent may be gone for what was asked of it or of one above it.
    func mayBeGone(_ name: String) -> Bool {
        self.mayBeGone.contains(name) || self.promised[name] != nil
            || self.parents[name].map { self.mayBeGone($0) } ?? false
    }

    /// An agent is about to make a call, which may take effect from now on.
    mutating func ask(_ call: MachineCall) {
        switch call.verb {
        // It goes back to who wrote it when there is nobody any more.
        case "say": self.mayHear[call.number, default: []].formUnion([call.target, call.agent])
        case "cast": self.casts.insert(call.number)
        case "spawn":
            self.parents[call.target] = call.agent
            self.promised[call.target] = call.agent
        case "note": self.data[call.target, default: (nil, [])].possible.insert(call.number)
        case "complete":
            self.mayBeGone.insert(call.agent)
            if let parent = self.parents[call.agent] { self.mayHear[call.number, default: []].insert(parent) }
        default: break
        }
    }

    /// The call was acknowledged; a turn that goes on after a crash hears so of all its calls again.
    mutating func acknowledge(_ call: MachineCall) {
        switch call.verb {
        case "say", "complete":
            guard !self.sent.contains(where: { $0.message == call.number }) else { break }
            let to = call.verb == "say" ? call.target : self.parents[call.agent]
            if let to { self.sent.append((call.number, call.agent, to)) }
        case "note": self.data[call.target] = (call.number, [])
        default: break
        }
    }

    mutating func show(_ messages: [Int], to name: String) {
        for message in messages where !self.shown[name, default: []].contains(message) {
            self.shown[name, default: []].append(message)
        }
    }

    /// What was promised and is not so, once everything has come to rest.
    func complaints() -> [String] {
        var found = self.wrong
        for (message, from, to) in self.sent where to != "USER" && !self.mayBeGone(to) {
            if !(self.shown[to] ?? []).contains(message) {
                found.append("message \(message) of \(from) to \(to) is lost")
            }
        }
        for (message, from, to) in self.sent where to == "USER" && !self.taken.contains(message) {
            found.append("message \(message) of \(from) to the operator is lost")
        }
        for (name, messages) in self.shown {
            for message in messages where !(self.mayHear[message] ?? []).contains(name) && !self.casts.contains(message)
            {
                found.append("\(name) was shown message \(message), which is not for it")
            }
        }
        return found + self.disorder()
    }

    /// From one to another, messages come in the order in which they were sent.
    private func disorder() -> [String] {
        let pairs = Dictionary(grouping: self.sent) { [$0.from, $0.to] }
        return pairs.compactMap { pair, sent in
            let shown = self.shown[pair[1]] ?? []
            let places = sent.compactMap { shown.firstIndex(of: $0.message) }
            return places == places.sorted()
                ? nil : "\(pair[1]) was shown messages of \(pair[0]) out of order: \(shown)"
        }
    }
}
