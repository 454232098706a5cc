import Foundation
import PipelineCore
import PipelineRuntime
import PipelineTurns
import Synchronization
import Testing
import Vocabulary

@testable import PipelineWorkspaces

@Suite(.timeLimit(.minutes(15))) struct AttemptTests {
    private let repository: Repository
    private let keeper = WorkspaceKeeper()

    init() throws { self.repository = try Repository() }

    private func run(_ call: HandlerCall, _ work: @escaping @Sendable (HandlerCall) async throws -> Outcome?)
        async throws
        -> Outcome
    {
        try #require(await WorkspaceHandler(Worker(work), keeper: self.keeper).run(call))
    }

    private func lost() throws -> [String] {
        try self.repository.sh("git for-each-ref --format='%(refname)' refs/orchestra/lost/a1b2c3")
            .split(separator: "\n").map(String.init)
    }

    @Test func `commits exactly what the attempt changed`() async throws {
        let reports = Mutex<[HandlerReport]>([])
        let space = try await self.repository.space()
        let call = self.repository.call(space.variables) { report in reports.withLock { $0.append(report) } }
        let outcome = try await self.run(call) { call in
            #expect(call.environment["ORCHESTRA_WORKSPACE_REPO"] == space.path)
            try call.write("two\n", to: "a.txt")
            try call.write("x", to: "new file")
            try call.write("x", to: "debug.log")
            var turn = AgentTurn(number: 1, node: "n")
            (turn.model, turn.provider) = ("m-1", "acme")
            call.report(.agent(turn))
            return Outcome(.success, contextUpdates: ["workspace.repo.path": "/etc", "a": 1])
        }
        let head = try self.repository.sh("git rev-parse \(Repository.branch)")
        #expect(outcome.contextUpdates == ["a": 1, "workspace.repo.commit": .string(head)])
        #expect(
            try self.repository.sh("git show --format='%an|%s' --name-only HEAD")
                == "n (m-1)|n: Do it\n\na.txt\nnew file")
        #expect(
            try self.repository.sh("git log -1 --format='%(trailers)'") == """
                Orchestra-Model: m-1
                Orchestra-Provider: acme
                Orchestra-Node: n
                Orchestra-Pipeline: Flow
                Orchestra-Session: a1b2c3
                Orchestra-Turn: a1b2c3/n.1.1
                """)
        let turns = reports.withLock { $0.compactMap { if case .agent(let turn) = $0 { turn } else { nil } } }
        #expect(turns.map(\.commit) == [head] && turns.map(\.filesWritten) == [["a.txt", "new file"]])
        #expect(await self.keeper.leave() == [])
        #expect(try self.repository.sh("git branch --show-current; git status --porcelain; cat a.txt") == "main\none")
    }

    @Test func `an attempt that changes nothing makes no commit`() async throws {
        let space = try await self.repository.space()
        let outcome = try await self.run(self.repository.call(space.variables)) { _ in .success }
        #expect(outcome.contextUpdates == ["workspace.repo.commit": .string(space.commit)])
    }

    @Test func `a failed attempt is committed too, and the next goes on from it`() async throws {
        let space = try await self.repository.space()
        let call = self.repository.call(space.variables)
        _ = try await self.run(call) { call in
            try call.write("two\n", to: "a.txt")
            return .fail("not yet")
        }
        let outcome = try await self.run(call) { call in
            let text = try String(contentsOfFile: "\(call.place.workingDirectory)/a.txt", encoding: .utf8)
            #expect(text == "two\n")
            return .success
        }
        #expect(outcome.status == .success)
        #expect(try self.lost().isEmpty)
    }

    @Test func `goes back to the record after a crash, and keeps what was there`() async throws {
        let space = try await self.repository.space()
        // As if it had been killed behind a commit, with more on the way, and in the middle of another.
        try self.repository.sh(
            """
            git checkout -qb \(Repository.branch); echo two >a.txt; git commit -qam second
            echo three >a.txt; echo x >new; touch .git/index.lock
            """)
        let outcome = try await self.run(self.repository.call(space.variables)) { call in
            let said = try self.repository.sh("cat a.txt; git status --porcelain; ls new || true")
            #expect(said.hasPrefix("one\nls:"))
            return .success
        }
        #expect(outcome.status == .success, "\(outcome)")
        #expect(try self.lost().count == 1)
        let lost = try #require(self.lost().first)
        #expect(
            try self.repository.sh("git show \(lost):a.txt; git show \(lost):new; git show \(lost)~:a.txt")
                == "three\nx\ntwo")
    }

    @Test func `gets out of a merge that was killed`() async throws {
        let space = try await self.repository.space()
        try self.repository.sh(
            """
            git checkout -qb other; echo theirs >a.txt; git commit -qam theirs
            git checkout -qb \(Repository.branch) main; echo ours >a.txt; git commit -qam ours
            git merge -q other || true; test -e .git/MERGE_HEAD
            """)
        let outcome = try await self.run(self.repository.call(space.variables)) { _ in .success }
        #expect(outcome.status == .success, "\(outcome)")
        #expect(
            try self.repository.sh("git rev-parse HEAD; test ! -e .git/MERGE_HEAD; git status --porcelain")
                == space.commit)
        #expect(try self.repository.sh("git show \(try #require(self.lost().first)):a.txt").contains("<<<<<<<"))
    }

    @Test func `touches nothing of the user's own`() async throws {
        let space = try await self.repository.space()
        try self.repository.sh("echo mine >a.txt")
        let outcome = try await self.run(self.repository.call(space.variables)) { _ in .success }
        #expect(outcome.failureReason.contains("changes of somebody's own") && !outcome.isRetryable)
        #expect(try self.repository.sh("cat a.txt; git branch --show-current") == "mine\nmain")
        await #expect(throws: WorkspaceError.self) {
            try await self.keeper.check(PipelineContext(space.variables), session: "a1b2c3", pipeline: "Flow")
        }
    }

    @Test func `keeps what a stopped attempt had begun, and puts the tree back`() async throws {
        let space = try await self.repository.space()
        let call = self.repository.call(space.variables)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let handler = WorkspaceHandler(
            Worker { call in
                try call.write("half", to: "a.txt")
                begin.yield()
                while !Task.isCancelled { await Task.yield() }
                return .fail("stopped")
            }, keeper: self.keeper)
        let work = Task { await handler.run(call) }
        for await _ in begun { break }
        work.cancel()
        #expect(await work.value?.failureReason == "stopped")
        #expect(try self.repository.sh("cat a.txt; git status --porcelain") == "one")
        #expect(try self.repository.sh("git show \(try #require(self.lost().first)):a.txt") == "half")
    }

    @Test func `an outcome cannot name a workspace`() async throws {
        let outcome = try await self.run(self.repository.call([:])) { _ in
            Outcome(.success, contextUpdates: ["workspace.a.path": "/etc", "workspaces": 1])
        }
        #expect(outcome.contextUpdates == ["workspaces": 1])
    }

    @Test func `an attempt must stay on its branch`() async throws {
        let space = try await self.repository.space()
        let outcome = try await self.run(self.repository.call(space.variables)) { _ in
            try self.repository.sh("git checkout -q main")
            return .success
        }
        #expect(
            outcome.status == .fail && outcome.failureReason.contains("left the branch \(Repository.branch) for main"))
    }

    @Test func `a link in the way of worktrees leads nowhere`() async throws {
        let space = try await self.repository.space()
        try self.repository.sh("ln -s /tmp .orchestra; echo .orchestra >>.git/info/exclude")
        let call = self.repository.call(space.variables, key: "a1b2c3/split.1.1/b/n.1.1")
        let outcome = try await self.run(call) { _ in .success }
        #expect(outcome.failureReason.contains("out of its place"))
    }
}

// MARK: - Branches

extension AttemptTests {
    /// Lets a branch write `text` into `file`; answers with its outcome as results have it.
    private func branch(_ id: String, _ space: Workspace, _ text: String, to file: String) async throws -> JSONValue {
        let call = self.repository.call(space.variables, key: "a1b2c3/split.1.1/\(id)/n.1.1")
        let outcome = try await self.run(call) { call in
            #expect(call.place.workingDirectory == "\(space.path)/.orchestra/worktrees/a1b2c3/split.1.1-\(id)")
            try call.write(text, to: file)
            return .success
        }
        return .object(outcome.json)
    }

    private func merge(_ space: Workspace, _ results: JSONObject) async throws -> Outcome {
        var context = space.variables
        context["parallel.results"] = .object(results)
        context["internal.parallel"] = "split"
        context["node_visits.split"] = 1
        let call = self.repository.call(context, key: "a1b2c3/n.1.1", of: "tripleoctagon")
        let handler = WorkspaceHandler(FanInHandler(nil), keeper: self.keeper, isMerging: true)
        return try #require(await handler.run(call))
    }

    @Test func `brings the work of branches together`() async throws {
        let space = try await self.repository.space()
        let results: JSONObject = [
            "x": try await self.branch("x", space, "x\n", to: "x.txt"),
            "y": try await self.branch("y", space, "y\n", to: "y.txt"),
        ]
        let outcome = try await self.merge(space, results)
        #expect(outcome.status == .success, "\(outcome)")
        let said = try self.repository.sh("git branch --show-current; cat x.txt y.txt; git branch --list 'orchestra/*'")
        #expect(said == "\(Repository.branch)\nx\ny\n* \(Repository.branch)")
        #expect(try self.repository.sh("ls .orchestra/worktrees/a1b2c3 | wc -l; git status --porcelain") == "0")
        // A crash before the result was on record: all of it once more.
        #expect(try await self.merge(space, results).status == .success)
        #expect(try self.repository.sh("cat x.txt y.txt") == "x\ny")
    }

    @Test func `keeps worktrees that are in conflict, and says which files`() async throws {
        let space = try await self.repository.space()
        let outcome = try await self.merge(
            space,
            [
                "x": try await self.branch("x", space, "x\n", to: "a.txt"),
                "y": try await self.branch("y", space, "y\n", to: "a.txt"),
            ])
        #expect(outcome.status == .partialSuccess)
        let folder = "\(space.path)/.orchestra/worktrees/a1b2c3/split.1.1-y"
        #expect(
            outcome.contextUpdates["parallel.merge_conflicts"] == [
                ["workspace": "repo", "branch": "y", "worktree": .string(folder), "files": ["a.txt"]]
            ])
        #expect(
            try self.repository.sh("cat a.txt \(folder)/a.txt; git status --porcelain; ls .git/MERGE_HEAD || true")
                .hasPrefix("x\ny\nls:"))
    }

    @Test func `does not merge a branch that failed`() async throws {
        let space = try await self.repository.space()
        var failed = try await self.branch("y", space, "y\n", to: "y.txt").object ?? [:]
        failed["outcome"] = "fail"
        let outcome = try await self.merge(
            space, ["x": try await self.branch("x", space, "x\n", to: "x.txt"), "y": .object(failed)])
        #expect(outcome.status == .partialSuccess)
        #expect(
            try self.repository.sh("ls -- *.txt .orchestra/worktrees/a1b2c3")
                == "a.txt\nx.txt\n\n.orchestra/worktrees/a1b2c3:\nsplit.1.1-y")
    }
}
