import PipelineCore
import TurnModel
import Vocabulary

/// One visit of a node, all its attempts: what is one app in the tree.
struct Stage: Hashable, Sendable {
    /// The key of its attempts without their number, so that a question and a tool name the same stage.
    let text: String
    let node: NodeID
    let visit: Int
    /// Where its record is.
    let session: ContextID

    init(_ attempt: Attempt, in session: ContextID) {
        self.init(attempt.key, of: attempt.node, visit: attempt.visit, in: session)
    }

    /// Every visit has its question.
    init(_ question: Question, in session: ContextID) {
        let numbers = question.id.text.split(separator: ".").suffix(2)
        let visit = numbers.count == 2 ? numbers.first.flatMap { Int($0) } : nil
        self.init(question.id, of: question.node, visit: visit ?? 1, in: session)
    }

    private init(_ key: AttemptKey, of node: NodeID, visit: Int, in session: ContextID) {
        let parts = key.text.split(separator: ".", omittingEmptySubsequences: false)
        self.text = parts.dropLast().joined(separator: ".")
        self.node = node
        self.visit = visit
        self.session = session
    }

    /// What it is called in the tree.
    var label: String { self.visit > 1 ? "\(self.node) (\(self.visit))" : "\(self.node)" }
}

// MARK: - Tags

extension Stage {
    /// By which a run that comes back knows its nodes.
    var tags: JSONObject {
        [
            "node": .string(self.node.text), "visit": .integer(Int64(self.visit)), "stage": .string(self.text),
            "context": .string("\(self.session)"),
        ]
    }

    /// `nil` for an app that is no node.
    init?(tags: JSONObject) {
        guard let text = tags["stage"]?.string, let node = tags["node"]?.string, let visit = tags["visit"]?.integer,
            let session = tags["context"]?.string.flatMap({ ContextID($0) })
        else { return nil }
        self.text = text
        self.node = NodeID(node)
        self.visit = Int(clamping: visit)
        self.session = session
    }

    /// Nodes that only route do no work, and are no apps.
    static func isShown(_ handler: HandlerType) -> Bool { ![.start, .exit, .conditional].contains(handler) }
}
