import PipelineCore
import PipelineRuntime
import PipelineTurns
import TurnModel
import Vocabulary

/// A session node by node, and its checkpoints, from its turns.
struct SessionDetail {
    let session: SessionSummary
    private(set) var nodes: [Node] = []
    private(set) var checkpoints: [(turn: TurnID, node: String, next: String?)] = []

    struct Node {
        let name: String
        var status: String
        var tokensIn: UInt64 = 0
        var tokensOut: UInt64 = 0
        var toolCalls = 0
        var duration = Duration.zero
    }

    init(of session: SessionSummary, in store: any TurnStore) async throws {
        self.session = session
        do throws(TurnStoreError) {
            for turn in try await Self.turns(of: session.context, in: store).reversed() { self.take(turn) }
        } catch {
            throw StoreOptions.failure(error)
        }
    }

    /// Newest first.
    private static func turns(
        of context: ContextID, in store: any TurnStore
    ) async throws(TurnStoreError) -> [Turn] {
        var turns: [Turn] = []
        var query = TurnQuery(context: context, limit: 500)
        while true {
            let page = try await store.turns(query)
            turns += page.turns
            guard page.hasMore, let last = page.turns.last else { return turns }
            query.before = last.id
        }
    }

    private mutating func take(_ turn: Turn) {
        guard let decoded = try? PipelineTurn(decoding: turn.payload ?? [], type: turn.type) else { return }
        switch decoded {
        case .node(let execution):
            self.change(execution.node) { node in
                node.status = execution.status
                node.duration += execution.duration ?? .zero
            }
        case .agent(let agent):
            self.change(agent.node) { node in
                for (name, count) in agent.tokenUsage {
                    let isInput = name.contains("in") || name.contains("prompt")
                    if isInput { node.tokensIn += count } else { node.tokensOut += count }
                }
            }
        case .tool(let tool): self.change(tool.node) { $0.toolCalls += 1 }
        case .checkpoint(let checkpoint):
            self.checkpoints.append((turn.id, checkpoint.currentNode, checkpoint.nextNode))
        default: break
        }
    }

    private mutating func change(_ name: String, _ body: (inout Node) -> Void) {
        let place = self.nodes.firstIndex { $0.name == name } ?? self.nodes.endIndex
        if place == self.nodes.endIndex { self.nodes.append(Node(name: name, status: "started")) }
        body(&self.nodes[place])
    }

    var text: String {
        let head =
            "Session \(self.session.displayID) (context \(self.session.context)): "
            + "\(self.session.name.shownToPeople()), \(self.session.status.rawValue), \(self.session.turnCount) turns"
        let question = self.session.question.map { "\nAsks at \($0.node): \($0.text.shownToPeople())" } ?? ""
        let nodes = TextTable(
            ["Node", "Status", "Tokens in", "Tokens out", "Tool calls", "Duration"],
            self.nodes.map { node in
                [
                    node.name.shownToPeople(), node.status.shownToPeople(), "\(node.tokensIn)", "\(node.tokensOut)",
                    "\(node.toolCalls)", node.duration.shown,
                ]
            })
        let checkpoints = TextTable(
            ["Checkpoint", "After", "Next"],
            self.checkpoints.map { ["\($0.turn)", $0.node.shownToPeople(), $0.next?.shownToPeople() ?? "-"] })
        return [head + question, nodes.text, checkpoints.text].joined(separator: "\n\n")
    }

    var json: JSONObject {
        var object = self.session.json
        object["nodes"] = .array(
            self.nodes.map { node in
                [
                    "node": .string(node.name), "status": .string(node.status),
                    "tokens_in": .integer(Int64(clamping: node.tokensIn)),
                    "tokens_out": .integer(Int64(clamping: node.tokensOut)),
                    "tool_calls": .integer(Int64(node.toolCalls)),
                    "duration_ms": .integer(node.duration.wholeMilliseconds),
                ]
            })
        object["checkpoints"] = .array(
            self.checkpoints.map { checkpoint in
                [
                    "turn": .string("\(checkpoint.turn)"), "node": .string(checkpoint.node),
                    "next_node_id": checkpoint.next.map { .string($0) } ?? .null,
                ]
            })
        return object
    }
}
