import HTTPTypes
import Hummingbird
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

extension PipelineService {
    func health() async throws -> Answer {
        do throws(TurnStoreError) {
            let health = try await self.sessions.store.health()
            return Answer(
                .ok,
                [
                    "status": .string(self.hall.isClosed ? "draining" : "ok"), "store": .string(health.name),
                    "runs": .integer(Int64(self.hall.count)),
                ])
        } catch {
            throw SessionRefusal.store(error)
        }
    }

    /// A page of sessions, newest first; `before` in the answer is where the next one begins.
    func list(_ request: Request) async throws -> Answer {
        let parameters = request.uri.queryParameters
        var query = SessionQuery(limit: 100)
        if let text = parameters.get("limit") {
            guard let limit = Int(text), (1...500).contains(limit) else {
                throw Problem.badRequest("limit is not a number from 1 to 500")
            }
            query.limit = limit
        }
        if let text = parameters.get("before") {
            guard let before = ContextID(text) else { throw Problem.badRequest("before is not a context") }
            query.before = before
        }
        query.includesBranches = parameters.get("branches") == "true"
        let found = try await self.sessions.list(query)
        var object: JSONObject = ["pipelines": .array(found.map { .object($0.json) })]
        if found.count == query.limit { object["before"] = found.last.map { .string($0.context.description) } }
        return Answer(.ok, .object(object))
    }

    func show(_ row: SessionRow) async throws -> Answer {
        Answer(.ok, .object(try self.sessions.summary(of: row).json))
    }

    /// `?format=dot` for the text it was run from.
    func graph(_ request: Request, _ row: SessionRow) async throws -> Answer {
        let story = try await self.sessions.story(of: row)
        guard let text = await self.sessions.text(of: story) else { throw SessionRefusal.missingSource(row.displayID) }
        switch request.uri.queryParameters.get("format") ?? "svg" {
        case "dot": return Answer(text, "text/vnd.graphviz")
        case "svg": break
        default: throw Problem.badRequest("format is neither svg nor dot")
        }
        guard let dot = try await self.sessions.drawing(of: row) else {
            throw SessionRefusal.missingSource(row.displayID)
        }
        return try await self.drawings.pass {
            do {
                return Answer(try await self.draw(dot), "image/svg+xml")
            } catch {
                throw Problem(.noGraphviz, 501, "\(error)", hint: "install Graphviz, or take ?format=dot")
            }
        }
    }

    func questions(_ row: SessionRow) async throws -> Answer {
        let questions = try await self.sessions.questions(of: row)
        return Answer(.ok, ["questions": .array(questions.map { .object($0.json) })])
    }

    func checkpoint(_ row: SessionRow) async throws -> Answer {
        let (turn, memory) = try await self.newest(row)
        return Answer(
            .ok,
            [
                "turn": .string(turn.description), "current_node": memory.currentNode.map { .string($0.text) } ?? .null,
                "next_node_id": memory.nextNode.map { .string($0.text) } ?? .null,
                "completed_nodes": .array(memory.completed.map { .string($0.text) }),
                "visited_outcomes": .object(
                    Self.object(memory.outcomes) { ($0.node, .string($0.status.rawValue)) }),
                "visit_counts": Self.counts(memory.visits), "retry_counters": Self.counts(memory.retryCounters),
                "reroute_count": .integer(Int64(memory.rerouteCount)), "step_count": .integer(Int64(memory.stepCount)),
            ])
    }

    private static func counts(_ counts: [NodeID: Int]) -> JSONValue {
        .object(Self.object(counts.sorted { $0.key.text < $1.key.text }) { ($0.key, .integer(Int64($0.value))) })
    }

    private static func object<Element>(
        _ elements: [Element], _ member: (Element) -> (node: NodeID, value: JSONValue)
    ) -> JSONObject {
        var object = JSONObject()
        for element in elements {
            let (node, value) = member(element)
            object[node.text] = value
        }
        return object
    }

    /// As of the newest checkpoint.
    func context(_ row: SessionRow) async throws -> Answer {
        let (turn, memory) = try await self.newest(row)
        return Answer(.ok, ["turn": .string(turn.description), "context": .object(memory.context.values)])
    }

    private func newest(_ row: SessionRow) async throws -> (turn: TurnID, memory: RunMemory) {
        guard let newest = try await self.sessions.checkpoint(of: row) else {
            throw SessionRefusal.noCheckpoint(row.displayID)
        }
        return newest
    }
}

extension SessionSummary.PendingQuestion {
    /// The id stands in paths; the key is that of the attempt that asks.
    var json: JSONObject {
        [
            "id": .string(self.pathID), "key": .string(self.id.text), "node": .string(self.node.text),
            "text": .string(self.text), "options": .array(self.options),
        ]
    }

    var pathID: String { Hex.encode(Array(BLAKE3.hash(Array(self.id.text.utf8)).bytes.prefix(8))) }
}
