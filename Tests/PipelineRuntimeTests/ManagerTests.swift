import PipelineCore
import PipelineTurns
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(15)))
struct ManagerTests {
    static let manager = """
        digraph manager {
            node [manager.poll_interval=2s]
            stack.child_dotfile = "child.dot"
            start [shape=Mdiamond]; exit [shape=Msquare]
            before [type=work]; watch [shape=house]; after [type=work]
            start -> before -> watch; watch -> after [condition="outcome=success"]
            after -> exit
        }
        """
    static let child = """
        digraph child {
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [type=work]; b [type=work, max_retries=2]; c [type=work]
            start -> a -> b -> c -> exit
        }
        """

    /// A manager whose child is found beside it.
    static func kit(_ stage: Stage, child: String = Self.child, isDead: Bool = false) -> RunKit {
        var kit = stage.kit(isDead: isDead)
        Self.prepare(&kit, child: child)
        return kit
    }

    static func prepare(_ kit: inout RunKit, child: String = Self.child) {
        let read = kit.world.read
        kit.place.workingDirectory = "/pipelines"
        kit.limits.poll = .milliseconds(500)
        kit.world.read = { path in path == "/pipelines/child.dot" ? Array(child.utf8) : read(path) }
    }

    private func rows(_ stage: Stage) async throws -> (manager: SessionRow, child: SessionRow) {
        let rows = try await stage.store.sessions(SessionQuery())
        return (try #require(rows.first { $0.name == "manager" }), try #require(rows.first { $0.name == "child" }))
    }

    @Test func `its child is a session of its own, whose end is the node's`() async throws {
        let stage = try Stage(Self.manager)
        let sessions = stage.sessions(nil, Self.kit(stage))
        let run = try await sessions.begin(stage.source, variables: ["version": "1.2"])
        #expect(await run.run().ending == .ended(.completed))
        #expect(stage.crew.nodes == ["before", "a", "b", "c", "after"])
        let (manager, child) = try await self.rows(stage)
        #expect(try sessions.summary(of: child).status == .completed && child.branchOf == nil)
        let context = try await stage.memory(of: manager).context
        #expect(context["stack.child.session"] == .string(child.displayID.description))
        #expect(context["stack.child.outcome"] == "success" && context["stack.child.context.n"] == 3)
        #expect(try await stage.memory(of: child).context["version"] == "1.2")
        #expect(try await stage.store.check().violations == [])
    }

    @Test func `a child that failed fails the node, with its reason`() async throws {
        let stage = try Stage(Self.manager)
        stage.crew.act { $0.node.id == "c" ? .fail("no disk", isRetryable: false) : Crew.standard($0) }
        let child = Self.child.replacing("c -> exit", with: "c; c -> exit [condition=\"outcome=success\"]")
        let run = try await stage.sessions(nil, Self.kit(stage, child: child)).begin(stage.source)
        guard case .ended(.failed(let failure)) = await run.run().ending else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("no disk"))
    }

    @Test func `a child that cannot be begun fails the node`() async throws {
        let stage = try Stage(Self.manager)
        for (child, reason) in [("digraph {", "cannot be run"), ("", "cannot be run")] {
            let run = try await stage.sessions(nil, Self.kit(stage, child: child)).begin(stage.source)
            guard case .ended(.failed(let failure)) = await run.run().ending else { return #expect(Bool(false)) }
            #expect(failure.reason.contains(reason))
        }
        let run = try await stage.sessions(nil, stage.kit()).begin(stage.source)
        guard case .ended(.failed(let failure)) = await run.run().ending else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("not found"))
    }

    @Test func `a pause reaches the child, and a resume both`() async throws {
        let stage = try Stage(Self.manager)
        let current = Ordeal.CurrentRun()
        stage.crew.act { call in
            guard call.node.id == "b" else { return Crew.standard(call) }
            current.value?.requestPause()
            // A look that began after the wish is taken after it.
            let known = stage.audience.looks
            while stage.audience.looks < known + 2, !Task.isCancelled { await Task.yield() }
            return Crew.standard(call)
        }
        let sessions = stage.sessions(nil, Self.kit(stage))
        let run = try await sessions.begin(stage.source)
        current.value = run
        #expect(await run.run().ending == .paused(at: "watch", isAborted: false))
        let paused = try await self.rows(stage)
        #expect(try sessions.summary(of: paused.manager).status == .paused)
        #expect(try sessions.summary(of: paused.child).status == .paused)
        current.value = nil
        #expect(await (try await sessions.resume(paused.manager)).run().ending == .ended(.completed))
        #expect(stage.crew.nodes == ["before", "a", "b", "c", "after"])
    }

    @Test func `what stops the node at work stops that of the child`() async throws {
        let stage = try Stage(Self.manager)
        let current = Ordeal.CurrentRun()
        stage.crew.act { call in
            guard call.node.id == "b", current.isFirst("abort") else { return Crew.standard(call) }
            current.value?.abort()
            try? await Task.sleep(for: .seconds(60))
            return nil
        }
        let sessions = stage.sessions(nil, Self.kit(stage))
        let run = try await sessions.begin(stage.source)
        current.value = run
        #expect(await run.run().ending == .paused(at: "watch", isAborted: true))
        let rows = try await self.rows(stage)
        #expect(try sessions.summary(of: rows.child).status == .paused)
        #expect(await (try await sessions.resume(rows.manager)).run().ending == .ended(.completed))
        #expect(stage.crew.nodes == ["before", "a", "b", "b", "c", "after"])
    }

    @Test func `a cancel reaches the child, also one that a person has paused`() async throws {
        let stage = try Stage(Self.manager)
        let current = Ordeal.CurrentRun()
        let kit = Self.kit(stage)
        stage.crew.act { call in
            guard call.node.id == "b", current.isFirst("pause") else { return Crew.standard(call) }
            let sessions = stage.sessions(nil, kit)
            let child = try? await sessions.find(call.displayID.description)
            if let child { _ = try? await sessions.ask(.abort, of: child) }
            try? await Task.sleep(for: .seconds(60))
            return nil
        }
        let sessions = stage.sessions(nil, kit)
        let run = try await sessions.begin(stage.source)
        current.value = run
        async let report = run.run()
        while try await sessions.list().first(where: { $0.name == "child" })?.status != .paused {
            try await Task.sleep(for: .milliseconds(2))
        }
        run.requestCancel(reason: "enough")
        let ending = await report.ending
        #expect(ending == .ended(.cancelled(reason: "enough")))
        #expect(try sessions.summary(of: try await self.rows(stage).child).status == .cancelled)
    }

    @Test func `a child that somebody else went on with is not run twice`() async throws {
        let stage = try Stage(Self.manager)
        let (begun, open) = (Gate(), Gate())
        let store = MortalStore(stage.store)
        stage.crew.act { call in
            guard call.node.id == "b" else { return Crew.standard(call) }
            begun.open()
            await open.wait()
            return Crew.standard(call)
        }
        let first = try await stage.sessions(store, Self.kit(stage, isDead: true)).begin(stage.source)
        async let lost = first.run()
        await begun.wait()
        store.die()
        first.requestPause()
        // A person goes on with the child alone; then the manager is resumed too.
        let rows = try await self.rows(stage)
        let others = stage.sessions(nil, Self.kit(stage, isDead: true))
        let child = try await others.resume(rows.child)
        async let ending = child.run()
        while !stage.crew.calls.contains(where: { $0.hasSuffix("/b.1.2") }) {
            try await Task.sleep(for: .milliseconds(2))
        }
        let again = try await stage.sessions(nil, Self.kit(stage, isDead: false)).resume(rows.manager, .takingOver)
        async let report = again.run()
        var isResumed = false
        while !isResumed {
            isResumed = try await stage.values(of: rows.manager.context.id).contains {
                if case .lifecycle(let lifecycle) = $0 { lifecycle.status == .resumed } else { false }
            }
        }
        open.open()
        #expect(await ending.ending == .ended(.completed))
        #expect(await report.ending == .ended(.completed))
        #expect(stage.crew.nodes == ["before", "a", "b", "b", "c", "after"])
        _ = await lost
    }

    @Test func `an instruction reaches the child once, and its nodes find it in their context`() async throws {
        let steering = Self.manager.replacing(
            "watch [shape=house]",
            with: "watch [shape=house, manager.actions=\"observe,steer,wait\", prompt=\"Be {{ mood }}\"]")
        let stage = try Stage(steering)
        let kit = Self.kit(stage)
        stage.crew.act { call in
            guard call.node.id == "a" else { return Crew.standard(call) }
            // Until the child's record has it.
            while !Task.isCancelled {
                let turns = (try? await stage.values(of: call.session)) ?? []
                if turns.contains(where: {
                    if case .human(let human) = $0 { human.kind == "INSTRUCTION" } else { false }
                }) {
                    break
                }
                await Task.yield()
            }
            return Crew.standard(call)
        }
        let run = try await stage.sessions(nil, kit).begin(stage.source, variables: ["mood": "brief"])
        #expect(await run.run().ending == .ended(.completed))
        let rows = try await self.rows(stage)
        #expect(try await stage.memory(of: rows.child).context["stack.instruction"] == "Be brief")
        let told = try await stage.values(of: rows.child.context.id).count {
            if case .human(let human) = $0 { human.kind == "INSTRUCTION" } else { false }
        }
        #expect(told == 1)
        let facts = stage.audience.heard
        #expect(facts.contains("childSteered") && facts.contains("childStarted") && facts.contains("childObserved"))
    }

    @Test func `a child that restarts is followed into the session after it`() async throws {
        let stage = try Stage(Self.manager)
        let child = Self.child.replacing(
            "c -> exit",
            with: """
                c; c -> a [loop_restart=true, condition="outcome=fail"]
                c -> exit [condition="outcome=success"]
                """)
        stage.crew.act { call in
            let isFirst = call.context["node_visits.start"] != nil
            return call.node.id == "c" && isFirst ? .fail("once more", isRetryable: false) : Crew.standard(call)
        }
        let run = try await stage.sessions(nil, Self.kit(stage, child: child)).begin(stage.source)
        #expect(await run.run().ending == .ended(.completed))
        #expect(stage.crew.nodes == ["before", "a", "b", "c", "a", "b", "c", "after"])
    }

    @Test func `a session that it does not start is watched to its end`() async throws {
        let stage = try Stage(
            Self.manager.replacing("watch [shape=house]", with: "watch [shape=house, stack.child_autostart=false]"))
        let sessions = stage.sessions(nil, Self.kit(stage))
        let source = try PipelineSource(
            Array(Self.child.utf8), path: "/pipelines/child.dot", handlers: stage.kit().handlers)
        let child = try await sessions.begin(source)
        let name = JSONValue.string(child.story.displayID.description)
        let begun = Gate()
        stage.crew.act { call in
            if call.node.id == "b" { await begun.wait() }
            return Crew.standard(call)
        }
        async let other = child.run()
        while try await stage.store.sessions(SessionQuery()).isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        let run = try await sessions.begin(stage.source, variables: ["stack.child.session": name])
        async let report = run.run()
        while !stage.audience.heard.contains("childObserved") { try await Task.sleep(for: .milliseconds(2)) }
        begun.open()
        #expect(await report.ending == .ended(.completed))
        #expect(await other.ending == .ended(.completed))
        #expect(stage.crew.nodes.count == 5)
    }
}

extension Audience {
    /// How often a child was looked at.
    fileprivate var looks: Int { self.heard.count { $0 == "childObserved" } }
}

extension ResumeOptions {
    fileprivate static var takingOver: Self {
        var options = Self()
        options.takesOver = true
        return options
    }
}
