import PipelineCore
import PipelineTurns
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(15)))
struct RecordTests {
    private func read(_ turn: CheckpointTurn, in graph: PipelineGraph) throws -> RunCheckpoint? {
        let new = turn.newTurn
        guard case .checkpoint(let found) = try PipelineTurn(decoding: new.payload, type: new.type) else { return nil }
        return RunCheckpoint(found, in: graph)
    }

    @Test func `lets the store know the types of its turns, once`() async throws {
        let stage = try Stage(Pipelines.three)
        for _ in 0..<2 { _ = await (try await stage.sessions().begin(stage.source)).run() }
        #expect(try await stage.store.bundles() == [PipelineBundle.id])
        let registry = try await stage.store.registry()
        #expect(registry.broken == [])
        for turn in try await stage.turns(of: try await stage.row().context.id) {
            #expect(registry.types.type(turn.type) != nil, "\(turn.type)")
        }
    }

    @Test(arguments: [true, false])
    func `a checkpoint comes back from its turn as it was`(isSnapshot: Bool) throws {
        let graph = try Stage(Pipelines.gate).source.graph
        var checkpoint = RunCheckpoint()
        checkpoint.isSnapshot = isSnapshot
        checkpoint.currentNode = "start"
        checkpoint.nextNode = "ask"
        checkpoint.context = ContextDelta(
            set: ["i": 1, "f": 1.0, "t": "1", "o": ["a": [1, 1.5, nil]]], removed: isSnapshot ? [] : ["gone"])
        checkpoint.completed = ["start", "yes", "start"]
        checkpoint.completedEarlier = isSnapshot ? 7 : 0
        checkpoint.outcomes = [
            VisitedOutcome("yes", .success), VisitedOutcome("ask", .fail), VisitedOutcome("no", .partialSuccess),
        ]
        checkpoint.visits = ["start": 2, "yes": 1]
        checkpoint.retryCounters = ["ask": 3]
        checkpoint.rerouteCount = 4
        checkpoint.stepCount = 5
        checkpoint.parallel = ParallelState(
            key: AttemptKey("k"), branches: [.init(id: BranchID("b"), node: "yes", session: "7")])
        checkpoint.pendingQuestion = Question(id: AttemptKey("s/ask.1.1"), node: "ask", in: graph)
        #expect(checkpoint.pendingQuestion != nil)
        for base in [nil, isSnapshot ? nil : TurnID(12)] {
            #expect(try self.read(CheckpointTurn(checkpoint, base: base), in: graph) == checkpoint)
        }
    }

    @Test func `a checkpoint tells strangers where repositories stand, when they have moved`() {
        var checkpoint = RunCheckpoint()
        checkpoint.context = ContextDelta(set: ["workspace.app.commit": "c0ffee", "workspace.app.path": "/app", "a": 1])
        #expect(CheckpointTurn(checkpoint, base: nil).workspaces == ["app": "c0ffee"])
        checkpoint.context = ContextDelta(set: ["a": 2])
        #expect(CheckpointTurn(checkpoint, base: nil).workspaces.isEmpty)
    }

    @Test func `a restart of a long run reads a short chain`() async throws {
        let nodes = (1...300).map { "n\($0)" }.joined(separator: " -> ")
        let stage = try Stage(
            "digraph p { start [shape=Mdiamond]; exit [shape=Msquare]; start -> \(nodes) -> exit }")
        var kit = stage.kit()
        kit.isSimulated = true
        let store = MortalStore(stage.store)
        let report = await (try await stage.sessions(store, kit).begin(stage.source)).run()
        #expect(report.ending == .ended(.completed))
        #expect(store.writes < 12, "many nodes share a commit")
        let record = try await SessionRecord(of: try #require(report.session), in: stage.store, own: true)
        #expect(record.checkpoints.count <= RunMemory.deltasMax + 1)
        let memory = try await stage.memory(of: try await stage.row())
        #expect(memory.completedCount == 301)
        #expect(memory.visits.count == 301)
    }

    @Test func `what a handler tells is on record with its attempt`() async throws {
        let stage = try Stage(Pipelines.three)
        stage.crew.act { call in
            call.report(.prompt("p"))
            call.report(.tool(ToolExecution(node: call.node.id.text, command: "make", exitCode: 0)))
            call.report(.agent(AgentTurn(number: 1, node: call.node.id.text)))
            call.report(.response("r"))
            return Crew.standard(call)
        }
        let report = await (try await stage.sessions().begin(stage.source)).run()
        let values = try await stage.values(of: try #require(report.session))
        var told: [String] = []
        for value in values {
            switch value {
            case .tool(let tool): told.append("tool \(tool.node)")
            case .agent(let agent): told.append("agent \(agent.node)")
            case .node(let node) where node.response == "r" && node.prompt == "p": told.append("node \(node.node)")
            default: break
            }
        }
        #expect(told == ["a", "b", "c"].flatMap { ["agent \($0)", "tool \($0)", "node \($0)"] })
    }

    @Test func `nobody hears of a tool or an agent that is not on record`() async throws {
        var heard = 0
        for write in 1...8 {
            let stage = try Stage(Pipelines.three)
            stage.crew.act { call in
                call.report(.tool(ToolExecution(node: call.node.id.text, command: "make", exitCode: 0)))
                call.report(.agent(AgentTurn(number: 1, node: call.node.id.text)))
                return Crew.standard(call)
            }
            let store = MortalStore(stage.store, dyingAt: write)
            guard let run = try? await stage.sessions(store).begin(stage.source) else { continue }
            _ = await run.run()
            var recorded = 0
            for row in try await stage.store.sessions(SessionQuery()) {
                recorded += try await stage.values(of: row.context.id).count {
                    switch $0 {
                    case .tool, .agent: true
                    default: false
                    }
                }
            }
            let told = stage.audience.heard.count { ["tool", "agent"].contains($0) }
            #expect(told == recorded, "dies at write \(write)")
            heard += told
        }
        #expect(heard > 0)
    }
}
