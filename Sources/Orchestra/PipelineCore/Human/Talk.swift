import Vocabulary

/// What an agent and a person have said to each other in one visit of an interactive node (spec/orchestra.md 2.8).
///
/// ```
///   agent says ──► kept in a checkpoint ──► the person is asked ──► /done or /approve   success
///       ▲                                        │                  /reject             failure
///       `──── kept in a checkpoint ◄──── anything else
/// ```
/// It is in the context under a key of the engine, so a crash loses nothing that was said.
package struct Talk: Sendable, Hashable {
    package struct Turn: Sendable, Hashable {
        package let isOfAgent: Bool
        package let text: String

        package init(isOfAgent: Bool, text: String) {
            self.isOfAgent = isOfAgent
            self.text = text
        }
    }

    let node: NodeID
    let visit: Int
    package private(set) var turns: [Turn]

    /// What was said in this visit so far; an earlier visit is another talk.
    package init(at attempt: Attempt, in context: PipelineContext) {
        self.node = attempt.node
        self.visit = attempt.visit
        let kept = context[Self.key(of: attempt.node)]
        let isOfThisVisit = kept?["visit"]?.integer == Int64(attempt.visit)
        self.turns = (isOfThisVisit ? kept?["turns"]?.array ?? [] : []).compactMap { turn in
            turn["text"]?.string.map { Turn(isOfAgent: turn["role"]?.string == Self.agent, text: $0) }
        }
    }

    /// What the agent said, when the person has the floor.
    package var open: String? {
        guard let last = self.turns.last, last.isOfAgent else { return nil }
        return last.text
    }

    mutating func add(_ turn: Turn) { self.turns.append(turn) }

    /// Under which the context keeps it.
    package static func key(of node: NodeID) -> String { "internal.talk.\(node)" }

    private static let agent = "agent"

    var json: JSONValue {
        let turns = self.turns.map { turn -> JSONValue in
            ["role": .string(turn.isOfAgent ? Self.agent : "human"), "text": .string(turn.text)]
        }
        return ["visit": .integer(Int64(self.visit)), "turns": .array(turns)]
    }
}

// MARK: - The person's part

extension Talk {
    /// What is said to the person, who may end the talk or go on with it.
    package static func question(_ text: String, id: AttemptKey, at node: PipelineNode) -> Question {
        Question(
            id: id, node: node.id, text: text, kind: .freeform,
            choices: [("/done", "that will do"), ("/reject", "it will not")].map { key, label in
                Choice(key: key, label: label, target: node.id, edgeLabel: label)
            }, standard: nil, timeout: node.timeout)
    }

    /// What an answer comes to.
    enum Reply: Sendable, Hashable {
        case end(Outcome)
        case more(String)
        /// Nothing was said.
        case none
    }

    static func reply(_ answer: Answer, at node: NodeID, after text: String) -> Reply {
        switch answer {
        case .skipped: return .end(.fail("the talk at node \(node) was skipped", isRetryable: false))
        case .timeout: return .end(.retry("timeout: nobody answered the agent of node \(node)"))
        case .text(let said):
            switch said.trimmed.lowercased() {
            case "": return .none
            case "/done", "/approve": return .end(Outcome(.success, notes: text))
            case "/reject": return .end(.fail("the work of node \(node) was rejected", isRetryable: false))
            default: return .more(said.trimmed)
            }
        }
    }
}
