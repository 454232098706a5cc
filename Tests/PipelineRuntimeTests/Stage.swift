import PipelineCore
import PipelineTurns
import Synchronization
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

/// A real store in a folder of its own, and handlers that remember what they were asked to do.
final class Stage: Sendable {
    let folder: ScratchFolder
    let store: SQLiteTurnStore
    let crew = Crew()
    let audience = Audience()
    let source: PipelineSource

    init(_ text: String) throws {
        self.folder = try ScratchFolder()
        self.store = try SQLiteTurnStore.open(self.folder.file("turns.sqlite"))
        var handlers = HandlerRegistry()
        handlers["work"] = self.crew
        self.source = try PipelineSource(Array(text.utf8), path: "/pipelines/test.dot", handlers: handlers)
    }

    deinit { self.store.close() }

    /// Time runs a thousand times as fast for whoever sleeps.
    func kit(isDead: Bool = true) -> RunKit {
        let owner = SessionOwner(host: "stage", pid: 1, bootID: "boot")
        var kit = RunKit(
            handlers: HandlerRegistry(["work": self.crew]), place: HandlerPlace(workingDirectory: "/"), owner: owner)
        kit.world.sleep = { try await Task.sleep(for: max($0 / 1_000, .microseconds(200))) }
        kit.world.isDead = { _ in isDead }
        kit.world.read = { [bytes = self.source.bytes] path in path == "/pipelines/test.dot" ? bytes : nil }
        kit.limits.outage = .zero
        kit.limits.poll = .seconds(5)
        kit.observers = [self.audience]
        return kit
    }

    func sessions(_ store: (any TurnStore)? = nil, _ kit: RunKit? = nil) -> Sessions {
        Sessions(store: store ?? self.store, kit: kit ?? self.kit())
    }

    /// The only session, or the one with this id.
    func row(_ id: DisplayID? = nil) async throws -> SessionRow {
        if let id { return try await self.sessions().find(id.description) }
        return try #require(try await self.store.sessions(SessionQuery()).last)
    }

    func status(_ id: DisplayID? = nil) async throws -> SessionStatus {
        try self.sessions().summary(of: try await self.row(id)).status
    }

    /// What the record of the session comes to.
    func memory(of row: SessionRow) async throws -> RunMemory {
        let record = try await SessionRecord(of: row.context.id, in: self.store, own: true)
        var run = PipelineRun(self.source.graph, settings: RunSettings(key: row.displayID.description))
        try record.restore(&run)
        return run.memory
    }

    /// All turns of the history, oldest first.
    func turns(of context: ContextID) async throws -> [Turn] {
        var query = TurnQuery(context: context, limit: 500)
        var turns: [Turn] = []
        while true {
            let page = try await self.store.turns(query)
            turns += page.turns
            guard let next = page.next else { return turns.reversed() }
            query.before = next
        }
    }

    func values(of context: ContextID) async throws -> [PipelineTurn] {
        try await self.turns(of: context).map { try PipelineTurn(decoding: $0.payload ?? [], type: $0.type) }
    }

    /// The keys of the attempts whose beginning is on disk, branches included.
    func begun() async throws -> Set<String> {
        var begun: Set<String> = []
        for row in try await self.store.sessions(SessionQuery(includesBranches: true)) {
            for case .node(let node) in try await self.values(of: row.context.id) where node.status == "started" {
                begun.insert(node.attemptKey ?? "")
            }
        }
        return begun
    }

    /// Checkpoints that are on disk, branches included.
    func checkpointCount() async throws -> Int {
        var count = 0
        for row in try await self.store.sessions(SessionQuery(includesBranches: true)) {
            count += try await self.turns(of: row.context.id).count { $0.type.id == CheckpointTurn.typeID }
        }
        return count
    }

    /// Nodes with their visits whose results are on disk, branches included.
    func finished() async throws -> Set<String> {
        var finished: Set<String> = []
        for row in try await self.store.sessions(SessionQuery(includesBranches: true)) {
            for case .node(let node) in try await self.values(of: row.context.id)
            where !["started", "retrying", "aborted", "unknown_fate"].contains(node.status) {
                finished.insert(node.attemptKey?.visitText ?? "")
            }
        }
        return finished
    }
}

extension String {
    /// An attempt key without the number of the attempt.
    var visitText: String { String(self[..<(self.lastIndex(of: ".") ?? self.endIndex)]) }
}

/// Does what a test says, and remembers what it was called for.
final class Crew: NodeHandler {
    typealias Act = @Sendable (HandlerCall) async -> Outcome?
    private let state = Mutex((calls: [String](), act: nil as Act?))

    var calls: [String] { self.state.withLock { $0.calls } }
    /// The nodes, in the order of their calls.
    var nodes: [String] { self.calls.map { AttemptKey($0).nodeText } }

    func act(_ act: @escaping Act) { self.state.withLock { $0.act = act } }
    func forget() { self.state.withLock { $0.calls = [] } }

    func run(_ call: HandlerCall) async -> Outcome? {
        let act = self.state.withLock { state in
            state.calls.append(call.attempt.key.text)
            return state.act
        }
        if let act { return await act(call) }
        return Self.standard(call)
    }

    static func standard(_ call: HandlerCall) -> Outcome {
        Outcome(.success, contextUpdates: ["\(call.node.id).v": .integer(Int64(call.attempt.visit)), "n": 3, "f": 1.5])
    }
}

/// Remembers what happened, in short.
final class Audience: RunObserver {
    private let facts = Mutex<[String]>([])
    var heard: [String] { self.facts.withLock { $0 } }

    func observe(_ event: RunEvent) throws {
        let text = String(String(describing: event.fact).prefix { $0 != "(" })
        self.facts.withLock { $0.append(text) }
        throw Bored()
    }

    struct Bored: Error {}
}

/// Opens once, for all who wait.
final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

enum Pipelines {
    static let three = """
        digraph three {
            goal = "ship"
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [type=work]; b [type=work]; c [type=work]
            start -> a -> b -> c -> exit
        }
        """

    /// Twelve nodes: a retry, a loop, a choice and a goal gate among them.
    static let twelve = """
        digraph twelve {
            goal = "ship"
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [type=work]; b [type=work, max_retries=2]; c [type=work]; choice [shape=diamond]
            d [type=work]; e [type=work, goal_gate=true]; f [type=work]; check [shape=diamond]
            g [type=work]; h [type=work]
            start -> a -> b -> c -> choice
            choice -> d [condition="outcome=success"]
            choice -> h [condition="outcome!=success"]
            d -> e -> f -> check
            check -> c [condition="outcome=success", max_visits=1]
            check -> g
            g -> h -> exit
        }
        """

    static let parallel = """
        digraph parallel {
            start [shape=Mdiamond]; exit [shape=Msquare]
            fan [shape=component, max_parallel=2]; join [shape=tripleoctagon]
            a [type=work]; b [type=work]; b2 [type=work]; c [type=work]; after [type=work]
            start -> fan
            fan -> a; fan -> b; fan -> c
            a -> join; b -> b2 -> join; c -> join
            join -> after -> exit
        }
        """

    /// Many nodes that happen in memory, and three that do not, in a loop of two rounds.
    static let ahead = """
        digraph ahead {
            start [shape=Mdiamond]; exit [shape=Msquare]
            node [shape=box]
            a [type=work]; b [type=work, max_retries=2]; c [type=work]
            start -> p1 -> p2 -> p3 -> p4 -> p5 -> p6 -> p7 -> p8 -> p9 -> a
            a -> q1 -> q2 -> b -> r1 -> r2 -> r3 -> r4 -> r5 -> r6 -> r7 -> c
            c -> p1 [condition="outcome=success", max_visits=2]
            c -> s1
            s1 -> s2 -> s3 -> s4 -> s5 -> s6 -> exit
        }
        """

    static let gate = """
        digraph gate {
            start [shape=Mdiamond]; exit [shape=Msquare]
            ask [shape=hexagon, label="Ship it?"]; yes [type=work]; no [type=work]
            start -> ask
            ask -> yes [label="[Y] Yes"]; ask -> no [label="[N] No"]
            yes -> exit; no -> exit
        }
        """
}
