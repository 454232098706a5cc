import DotLanguage
import Foundation
import PipelineCore
import PipelineRuntime
import ProgramKit
import Simulator
import TurnModel
import Vocabulary

@testable import PipelineWorkspaces

/// A repository with one commit, in a folder that is gone afterwards.
struct Repository {
    let scratch = ScratchDirectory()
    let path: String

    init() throws {
        self.path = Paths.real(self.scratch.path) + "/repo"
        try self.sh(
            """
            mkdir repo && cd repo && git init -q -b main
            printf 'one\\n' >a.txt; echo '*.log' >.gitignore
            git add -A && git commit -qm first
            """, in: Paths.real(self.scratch.path))
    }

    /// What a script of bash prints, in the repository; throws when it fails.
    @discardableResult
    func sh(_ script: String, in folder: String? = nil) throws -> String {
        let program = try TestProgram(
            ["/bin/bash", "-ec", "exec 2>&1\n\(script)"], environment: Self.environment, in: folder ?? self.path,
            limit: .seconds(60))
        guard program.waitHere() == 0 else { throw ScriptFailure(said: program.output) }
        return program.output.trimmed
    }

    private static let environment = [
        "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@h", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@h",
    ]

    struct ScriptFailure: Error { let said: String }

    func space() async throws -> Workspace { try await Workspace.open([self.path])[0] }

    /// An attempt of the node `n` with these variables.
    func call(
        _ context: JSONObject, key: String = "a1b2c3/n.1.1", of shape: String = "box",
        report: @escaping @Sendable (HandlerReport) -> Void = { _ in }
    ) -> HandlerCall {
        let text =
            "digraph Flow { s [shape=Mdiamond] e [shape=Msquare] n [shape=\(shape), prompt=\"Do it\"] s -> n -> e }"
        let graph = PipelineGraph(DotFile.parse(Array(text.utf8), path: "flow.dot").graph!)
        let attempt = Attempt(
            node: NodeID("n"), handler: graph[NodeID("n")]!.handler, visit: 1, number: 1, max: 3,
            key: AttemptKey(key), isPure: false)
        let run = PipelineRun(graph, settings: RunSettings(key: "a1b2c3"))
        return HandlerCall(
            attempt: attempt, node: graph[NodeID("n")]!, graph: graph, context: PipelineContext(context),
            briefing: run.briefing(of: attempt), session: ContextID(7), displayID: DisplayID("a1b2c3")!,
            place: HandlerPlace(workingDirectory: "/"), report: report)
    }

    static let branch = "orchestra/Flow/a1b2c3"
}

/// Does what a test says.
struct Worker: NodeHandler {
    let work: @Sendable (HandlerCall) async throws -> Outcome?

    init(_ work: @escaping @Sendable (HandlerCall) async throws -> Outcome?) { self.work = work }

    func run(_ call: HandlerCall) async -> Outcome? {
        do { return try await self.work(call) } catch { return .fail("\(error)") }
    }
}

extension HandlerCall {
    /// Writes a file where the attempt works.
    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(self.place.workingDirectory)/\(name)", atomically: false, encoding: .utf8)
    }
}
