import PipelineTurns
import TurnModel
import Vocabulary

/// Turns of every type and version, with the version each must be written in.
enum Samples {
    static let all: [(name: String, turn: PipelineTurn, version: UInt32)] =
        Self.lifecycles + Self.nodes + Self.checkpoints + Self.others

    private static var lifecycles: [(String, PipelineTurn, UInt32)] {
        var started = PipelineLifecycle(pipeline: "deploy", status: .started)
        started.goal = "ship it 🪨"
        started.displayID = "a1b2c3"
        started.dotFile = "/p/deploy.dot"
        started.graphHash = "00ff"
        var completed = PipelineLifecycle(pipeline: "deploy", status: .completed)
        completed.duration = .milliseconds(1_234)
        var failed = PipelineLifecycle(pipeline: "deploy", status: .failed)
        failed.error = "no eligible edge"
        var full = started
        full.status = .resumed
        full.checkpointNode = "build"
        full.reason = "r"
        full.dotSource = BLAKE3.hash("digraph".utf8)
        full.variables = ["b": "2", "a": "1"]
        full.forkedFromContext = ContextID(7)
        full.forkedFromTurn = TurnID(1 << 40)
        full.owner = "o"
        full.engineVersion = "1.0"
        var late = completed
        late.reason = "asked to"
        return [
            ("started", .lifecycle(started), 2), ("completed", .lifecycle(completed), 1),
            ("failed", .lifecycle(failed), 1), ("paused", .lifecycle(.init(pipeline: "p", status: .paused)), 1),
            ("bare start", .lifecycle(.init(pipeline: "p", status: .started)), 2),
            ("cancelled", .lifecycle(.init(pipeline: "p", status: .cancelled)), 3),
            ("restarted", .lifecycle(.init(pipeline: "p", status: .restarted)), 3),
            ("all of a lifecycle", .lifecycle(full), 3), ("completed with a new field", .lifecycle(late), 3),
        ]
    }

    private static var nodes: [(String, PipelineTurn, UInt32)] {
        var result = NodeExecution(node: "build", handler: "box", status: "SUCCESS")
        result.prompt = "make"
        result.response = "done"
        result.outcome = "success"
        result.duration = .milliseconds(5)
        var retrying = result
        retrying.status = "retrying"
        retrying.attempt = 2
        retrying.attemptsMax = 4
        retrying.delay = .milliseconds(200)
        retrying.failureReason = "exit 1"
        retrying.visit = 1
        retrying.attemptKey = "7/build/1/2"
        retrying.branch = "b"
        retrying.notBefore = Timestamp(milliseconds: 1_700_000_000_200)
        return [
            ("node started", .node(.init(node: "build", handler: "box", status: "started")), 1),
            ("node result", .node(result), 1), ("node retrying", .node(retrying), 2),
        ]
    }

    /// One value of each kind, where types must not decay.
    static let context: JSONObject = [
        "one": 1, "one.0": 1.0, "text": "1", "yes": true, "nothing": .null, "min": .integer(.min),
        "max": .integer(.max), "tiny": 1e-300, "list": [1, "a", [], [:]], "deep": ["a": ["b": [1.5]]],
    ]

    private static var checkpoints: [(String, PipelineTurn, UInt32)] {
        var first = Checkpoint(currentNode: "start", completedNodes: ["start"], context: self.context)
        first.retryCounters = ["build": 2]
        var second = first
        second.nextNode = "build"
        second.visitedOutcomes = ["start": "success"]
        second.rerouteCount = 0
        var third = second
        third.workspaces = ["repo": "abc"]
        var fourth = third
        fourth.visitCounts = ["start": 1]
        fourth.base = TurnID(12)
        fourth.contextDelta = ["k": 2]
        fourth.contextRemoved = ["old"]
        fourth.parallelState = ["open": ["a"]]
        fourth.pendingQuestion = "sure?"
        fourth.randomState = "ff"
        fourth.stepCount = 9
        var ended = Checkpoint(currentNode: "x", completedNodes: [], context: [:])
        ended.nextNode = ""
        return [
            ("checkpoint 1", .checkpoint(first), 1), ("checkpoint 2", .checkpoint(second), 2),
            ("checkpoint 3", .checkpoint(third), 3), ("checkpoint 4", .checkpoint(fourth), 4),
            ("checkpoint of an ended run", .checkpoint(ended), 2),
        ]
    }

    private static var others: [(String, PipelineTurn, UInt32)] {
        var agent = AgentTurn(number: 3, node: "plan")
        agent.model = "m"
        agent.provider = "p"
        agent.messages = "[]"
        agent.toolCalls = "[]"
        agent.filesWritten = ["a.txt", "b.txt"]
        agent.tokenUsage = ["input": 10, "output": 20]
        agent.state = "{}"
        var committed = agent
        committed.commit = "abc"
        committed.commitMessage = "m"
        var tool = ToolExecution(node: "t", command: "make", exitCode: -9)
        tool.output = "out"
        tool.duration = .milliseconds(70_000)
        var parallel = ParallelExecution(node: "f", branchCount: 2)
        parallel.branchContexts = [1, "2"]
        parallel.successCount = 1
        parallel.failureCount = 1
        parallel.duration = .zero
        parallel.status = "completed"
        var worktree = WorktreeEvent(repository: "r", status: "merged")
        worktree.branch = "b"
        worktree.path = "/w"
        worktree.worktreeBranch = "orchestra/b"
        worktree.branches = ["b"]
        worktree.mergedCommit = "def"
        var human = HumanInteraction(node: "gate", question: "Ship?", kind: "choice")
        human.options = [["key": "y", "label": "Yes"]]
        human.answer = "y"
        human.who = "ada"
        human.at = Timestamp(milliseconds: 1_700_000_000_000)
        var lease = LeaseRecord(
            owner: "o", host: "h", pid: 42, bootID: "b", expiresAt: Timestamp(milliseconds: 5), epoch: 1)
        lease.isReleased = true
        return [
            ("agent", .agent(agent), 1), ("agent with a commit", .agent(committed), 2), ("tool", .tool(tool), 1),
            ("parallel", .parallel(parallel), 1), ("worktree", .worktree(worktree), 1), ("human", .human(human), 1),
            ("lease", .lease(lease), 1),
        ]
    }
}
