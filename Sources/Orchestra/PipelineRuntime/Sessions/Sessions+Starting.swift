package import PipelineCore
import PipelineTurns
package import TurnModel
package import Vocabulary

/// How a session is resumed.
package struct ResumeOptions: Sendable {
    /// Go on with the text in the store, whatever became of the file.
    package var usesStoredGraph = false
    /// Go on with the file although it was changed.
    package var allowsModified = false
    /// Go on although another process seems to be at work; that one is stopped at its next write.
    package var takesOver = false

    package init() {}
}

/// How a session is forked.
package struct ReplayOptions: Sendable {
    /// Changes to the context.
    package var set: JSONObject = [:]
    /// Where to go on, instead of where the checkpoint says.
    package var from: NodeID?
    package var usesStoredGraph = false
    package var allowsModified = false
    /// Another pipeline, with which the fork goes on.
    package var source: PipelineSource?

    package init() {}
}

extension Sessions {
    /// A new session of `source`. Nothing is there before `run()`.
    package func begin(
        _ source: PipelineSource, variables: JSONObject = [:], at node: NodeID? = nil
    ) async throws(SessionRefusal) -> SessionRun {
        try await self.begin(source, variables: variables, at: node, in: nil, after: nil)
    }

    /// - Parameters:
    ///   - context: One that is there, and empty; else a new one is made.
    ///   - predecessor: The session that was restarted into this one.
    func begin(
        _ source: PipelineSource, variables: JSONObject, at node: NodeID?, in context: ContextID?,
        after predecessor: ContextID?
    ) async throws(SessionRefusal) -> SessionRun {
        let source = try source.prompts.isEmpty ? self.prompted(source) : source
        try await self.publishTypes()
        let displayID = try await self.displayID()
        return try self.begun(source, displayID, variables: variables, at: node, in: context, after: predecessor)
    }

    /// The new session, when all that has to be waited for is there. Not a part of the function before, which keeps
    /// what it holds while it waits: docs/decisions.md, 69.
    @inline(never)
    private func begun(
        _ source: PipelineSource, _ displayID: DisplayID, variables: JSONObject, at node: NodeID?,
        in context: ContextID?, after predecessor: ContextID?
    ) throws(SessionRefusal) -> SessionRun {
        let run = PipelineRun(
            source.graph, settings: self.kit.settings(of: displayID, in: PipelineContext(variables)))
        try self.check(run, .start(variables: variables, at: node))
        let settings = self.settings(for: source)
        let story = SessionStory(
            of: source, displayID: displayID, at: self.kit.world.now(),
            engineVersion: self.kit.engineVersion, agent: self.kit.agent, predecessor: predecessor,
            settings: settings?.hash)
        let session = NewSession(displayID: displayID, name: source.graph.name)
        return self.sessionRun(
            of: source, run, story, .start(variables: variables, at: node),
            footing: context.map { .claiming($0, session) } ?? .new(base: nil, session), settings: settings)
    }

    /// The session goes on where its record ends; what is completed is not run again (spec/orchestra.md 3.5). One that
    /// ended at an edge with `loop_restart` goes on in the session after it.
    package func resume(
        _ row: SessionRow, _ options: ResumeOptions = ResumeOptions()
    ) async throws(SessionRefusal) -> SessionRun {
        let story = try await self.story(of: row)
        if let node = self.restart(of: row) {
            let source = try await self.source(
                of: story, usesStored: options.usesStoredGraph, allowsModified: options.allowsModified)
            return try await self.successor(of: row, at: node, source, options)
        }
        let summary = try self.summary(of: row)
        guard !summary.status.isFinal else { throw .ended(row.displayID, summary.status) }
        try await self.publishTypes()
        if summary.status.isLive, !options.takesOver, let lease = row.lease { throw .running(row.displayID, lease) }
        let record = try await SessionRecord(of: row.context.id, in: self.store, own: true)
        let source = try await self.source(
            of: story, usesStored: options.usesStoredGraph, allowsModified: options.allowsModified)
        let run = try self.restored(record, of: row.displayID, in: source.graph)
        try self.check(run, story)
        let requests = try await asking { () async throws(TurnStoreError) in
            try await self.store.requests(RequestQuery(context: row.context.id))
        }
        try await self.waitForCommands(of: row)
        let outdated = requests.filter { [RequestWord.pause, RequestWord.abort].contains($0.kind) }
        return self.sessionRun(
            of: source, run, story, .resume, footing: .claiming(row.context.id, nil), record: record, over: row.lease,
            settling: outdated.map { Settlement($0.id) })
    }

    /// The session that a run goes on in which ended at an edge with `loop_restart`: a new one, with the variables of
    /// the first; `nil` when it ended otherwise.
    package func successor(of run: SessionRun, after report: RunReport) async throws(SessionRefusal) -> SessionRun? {
        guard case .ended(.restarted(let node)) = report.ending else { return nil }
        let row = try await self.find(report.displayID.description)
        return try await self.successor(of: row, at: node, run.source, ResumeOptions())
    }

    /// There is one successor, however often and by how many it is begun: the key of its context says whose it is.
    private func successor(
        of row: SessionRow, at node: NodeID, _ source: PipelineSource, _ options: ResumeOptions
    ) async throws(SessionRefusal) -> SessionRun {
        let key = self.restartKey(of: row)
        let (context, begun) = try await asking { () async throws(TurnStoreError) in
            let context = try await self.store.createContext(key: key).context
            return (context, try await self.store.session(of: context))
        }
        if let begun { return try await self.resume(begun, options) }
        let first = try await self.firstTurn(of: row)
        return try await self.begin(source, variables: first.variables, at: node, in: context, after: row.context.id)
    }

    /// The context of the session after this one is known by it.
    func restartKey(of row: SessionRow) -> IdempotencyKey? { IdempotencyKey("restart/\(row.context.id)") }

    /// Where the session after this one begins; `nil` when there is none.
    func restart(of row: SessionRow) -> NodeID? {
        guard let head = row.head, let payload = head.payload,
            case .lifecycle(let lifecycle)? = try? PipelineTurn(decoding: payload, type: head.type),
            case .restarted(let node)? = RunEnd(lifecycle)
        else { return nil }
        return node
    }

    /// What the record comes to. How its nodes are run depends on the context that it ends with.
    private func restored(
        _ record: SessionRecord, of id: DisplayID, in graph: PipelineGraph
    ) throws(SessionRefusal) -> PipelineRun {
        var run = PipelineRun(graph, settings: self.kit.settings(of: id, in: PipelineContext()))
        try record.restore(&run)
        guard run.context.hasWorkspaces else { return run }
        run = PipelineRun(graph, settings: self.kit.settings(of: id, in: run.context))
        try record.restore(&run)
        return run
    }

    /// Whether the run has somewhere to go on.
    private func check(_ run: PipelineRun, _ story: SessionStory) throws(SessionRefusal) {
        switch run.phase {
        case .idle: throw .noCheckpoint(story.displayID)
        case .ended: throw .noNextNode(story.displayID)
        default: break
        }
        guard let next = run.attempt?.node ?? run.memory.nextNode else { throw .noNextNode(story.displayID) }
        guard run.graph[next] != nil else { throw .missingNode(next, story.file) }
        try self.check(run, .resume)
    }

    private func check(_ run: PipelineRun, _ first: PipelineRun.Command) throws(SessionRefusal) {
        do throws(PipelineRun.Refusal) {
            _ = try run.decide(first, at: self.kit.world.now())
        } catch {
            throw .run(error)
        }
    }
}

// MARK: - Replay

extension Sessions {
    /// A fork of the session at `checkpoint`, a turn of its history; the session itself is not touched. Everything is
    /// checked before anything is made (spec/orchestra.md 3.8).
    package func replay(
        _ row: SessionRow, at checkpoint: TurnID, _ options: ReplayOptions = ReplayOptions()
    ) async throws(SessionRefusal) -> SessionRun {
        let story = try await self.story(of: row)
        let record = try await self.record(of: row, at: checkpoint)
        let source = try await self.source(of: story, options)
        try await self.publishTypes()
        let displayID = try await self.displayID()
        let origin = SessionStory.Origin(context: row.context.id, turn: checkpoint)
        return try self.fork(of: story, from: origin, record, source, displayID, options)
    }

    /// The fork, when all that has to be waited for is there; as `begun`.
    @inline(never)
    private func fork(
        of story: SessionStory, from origin: SessionStory.Origin, _ record: SessionRecord, _ source: PipelineSource,
        _ displayID: DisplayID, _ options: ReplayOptions
    ) throws(SessionRefusal) -> SessionRun {
        var snapshot = RunMemory(try record.chain(in: source.graph)).snapshot
        try self.change(&snapshot, by: options, story)
        let context = RunMemory([snapshot]).context
        var run = PipelineRun(source.graph, settings: self.kit.settings(of: displayID, in: context))
        run.restore(checkpoints: [snapshot], events: [])
        try self.check(run, story)
        let settings = self.settings(for: source)
        let fork = SessionStory(
            of: source, displayID: displayID, at: self.kit.world.now(),
            origin: origin, engineVersion: self.kit.engineVersion, agent: self.kit.agent, settings: settings?.hash)
        return self.sessionRun(
            of: source, run, fork, .resume,
            footing: .new(base: origin.turn, NewSession(displayID: displayID, name: source.graph.name)),
            preface: [.fork, .event(.checkpoint(snapshot), nil)], settings: settings)
    }

    func turn(_ turn: TurnID, of row: SessionRow) async throws(SessionRefusal) -> Turn {
        do throws(TurnStoreError) {
            let found = try await self.store.turn(turn, withPayload: false)
            guard try await self.store.isTurn(turn, inChainOf: row.context.id) else {
                throw .refused(.unknownTurn(turn))
            }
            return found
        } catch {
            if case .refused(.unknownTurn) = error { throw .missingTurn(turn, of: row.displayID) }
            throw .store(error)
        }
    }

    private func record(of row: SessionRow, at turn: TurnID) async throws(SessionRefusal) -> SessionRecord {
        let found = try await self.turn(turn, of: row)
        guard found.type.id == CheckpointTurn.typeID else { throw .notACheckpoint(turn) }
        return try await SessionRecord(at: turn, of: row.context.id, in: self.store)
    }

    /// The fork is another run: what the origin had under way inside a node is none of its business.
    private func change(
        _ snapshot: inout RunCheckpoint, by options: ReplayOptions, _ story: SessionStory
    ) throws(SessionRefusal) {
        for (key, value) in options.set {
            guard PipelineContext.isWritable(key) else { throw .reservedKey(key) }
            snapshot.context.set[key] = value
        }
        if let node = options.from {
            snapshot.nextNode = node
            snapshot.retryCounters = [:]
        }
        snapshot.parallel = nil
        snapshot.child = nil
        snapshot.pendingQuestion = nil
        guard snapshot.nextNode != nil else { throw .noNextNode(story.displayID) }
    }
}

// MARK: - Parts

extension Sessions {
    /// What the first turn of the session tells.
    package func story(of row: SessionRow) async throws(SessionRefusal) -> SessionStory {
        if let parent = row.branchOf { throw .branch(row.displayID, of: parent) }
        guard let story = SessionStory(try await self.firstTurn(of: row), of: row) else {
            throw .notASession(row.context.id)
        }
        return story
    }

    func firstTurn(of row: SessionRow) async throws(SessionRefusal) -> PipelineLifecycle {
        guard let first = row.firstOwn else { throw .notASession(row.context.id) }
        let turn: Turn
        if first.payload == nil {
            turn = try await asking { () async throws(TurnStoreError) in
                try await self.store.turn(first.id, withPayload: true)
            }
        } else {
            turn = first
        }
        guard case .lifecycle(let lifecycle)? = try? PipelineTurn(decoding: turn.payload ?? [], type: turn.type) else {
            throw .notASession(row.context.id)
        }
        return lifecycle
    }

    /// The pipeline of a session, prepared exactly as a run does it, and known to be the same (spec/orchestra.md 3.7).
    package func source(
        of story: SessionStory, usesStored: Bool, allowsModified: Bool
    ) async throws(SessionRefusal) -> PipelineSource {
        guard !usesStored else { return try await self.prompted(try await self.storedSource(of: story), as: story) }
        guard !story.file.isEmpty else { throw .noFile(story.displayID) }
        guard let bytes = self.kit.world.read(story.file) else { throw .missingFile(story.file) }
        let hash = BLAKE3.hash(bytes).description
        guard story.graphHash.isEmpty || hash == story.graphHash || allowsModified else {
            throw .modified(story.file, expected: story.graphHash, actual: hash)
        }
        let source = try PipelineSource(bytes, path: story.file, handlers: self.kit.handlers)
        return allowsModified ? try self.prompted(source) : try await self.prompted(source, as: story)
    }

    func source(of story: SessionStory, _ options: ReplayOptions) async throws(SessionRefusal) -> PipelineSource {
        if let source = options.source { return try self.prompted(source) }
        return try await self.source(
            of: story, usesStored: options.usesStoredGraph, allowsModified: options.allowsModified)
    }

    private func storedSource(of story: SessionStory) async throws(SessionRefusal) -> PipelineSource {
        guard let digest = story.source else { throw .missingSource(story.displayID) }
        let bytes = try await asking { () async throws(TurnStoreError) in try await self.store.blob(digest) }
        guard let bytes else { throw .missingSource(story.displayID) }
        return try PipelineSource(bytes, path: story.file, handlers: self.kit.handlers)
    }

    private func sessionRun(
        of source: PipelineSource, _ run: PipelineRun, _ story: SessionStory, _ first: PipelineRun.Command,
        footing: SessionJournal.Footing,
        record: SessionRecord? = nil, over lease: Lease? = nil,
        preface: [RecordEntry] = [], settling settlements: [Settlement] = [], settings: NewBlob? = nil
    ) -> SessionRun {
        let token = self.token()
        let owner = self.kit.owner
        var kit = self.kit
        let isNew = if case .resume = first, preface.isEmpty { false } else { true }
        kit.place.commands = self.commands(of: story.displayID, isNew: isNew)
        return SessionRun(
            of: source, run: run, first: first, preface: preface, settlements: settlements,
            journal: SessionJournal(
                footing, head: record?.head, lastCheckpoint: record?.lastCheckpoint, in: self.store,
                claim: owner.claim(token: token, for: self.kit.limits.lease, over: lease), kit: kit,
                blobs: isNew ? [NewBlob(source.bytes)] + [settings].compactMap(\.self) : []),
            writer: RecordWriter(
                story: story, owner: "\(owner.host):\(owner.pid)", start: run.graph.start),
            scene: SessionLoop.Scene(token: token, displayID: story.displayID), kit: kit)
    }

    /// Lets the store know what the turns are that it is going to hold. What is there already is left: a bundle never
    /// changes, and older turns are read by what it said then.
    private func publishTypes() async throws(SessionRefusal) {
        do throws(TurnStoreError) {
            guard try await self.store.bundle(PipelineBundle.id) == nil else { return }
            _ = try await self.store.publish(bundle: PipelineBundle.json)
        } catch {
            if case .refused = error { return }
            throw .store(error)
        }
    }
}
