import ArgumentParser
import Foundation
import PipelineCore
import PipelineRuntime
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// `orchestra resume`: goes on with a session that was paused or interrupted.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with a paused or interrupted session.",
        discussion: "What is completed is not run again.")

    @Argument(help: "The session: its id, or the beginning of it.") var id: String
    @OptionGroup var options: RunOptions
    @OptionGroup var graph: GraphOptions
    @Flag(help: "Go on although another process seems to be at work on it.") var takeOver = false
    @Flag(help: "Fork a failed session at its last checkpoint, and enter the failed node once more.")
    var fromFailure = false
    @Option(help: "Fork at this turn of an agent, in its talk.") var turn: UInt64?

    func validate() throws {
        guard self.turn == nil || !self.fromFailure else {
            throw ValidationError("--turn and --from-failure are mutually exclusive")
        }
    }

    func run() async throws {
        let scene = try await GoingOn(self.id, self.options, self.graph)
        if let number = self.turn {
            guard let turn = TurnID(wire: number) else {
                throw CommandFailure.refused("turn 0 was not found in session \(scene.row.displayID)")
            }
            let replay = self.replay
            return try await scene.playFork { () async throws(SessionRefusal) in
                let place = try await scene.sessions.checkpoint(afterAgentTurn: turn, in: scene.row)
                return try await scene.sessions.replay(scene.row, at: place, replay)
            }
        }
        guard !self.fromFailure else { return try await self.retry(in: scene) }
        var resume = ResumeOptions()
        resume.usesStoredGraph = self.graph.storedGraph
        resume.allowsModified = self.graph.allowModified
        resume.takesOver = self.takeOver
        let options = resume
        let run = try await refusing { () async throws(SessionRefusal) in
            try await scene.sessions.resume(scene.row, options)
        }
        if let node = run.nextNode {
            Output.aside("orchestra: resuming session \(scene.row.displayID) at \(node)\n")
        }
        try await scene.conductor(of: run).play(run)
    }

    private var replay: ReplayOptions {
        var replay = ReplayOptions()
        replay.usesStoredGraph = self.graph.storedGraph
        replay.allowsModified = self.graph.allowModified
        return replay
    }

    private func retry(in scene: GoingOn) async throws {
        let options = self.replay
        try await scene.playFork { () async throws(SessionRefusal) in
            try await scene.sessions.retry(failureOf: scene.row, options)
        }
    }
}

/// Which text of the pipeline a session goes on with.
struct GraphOptions: ParsableArguments {
    @Flag(help: "Use the pipeline as it is in the store.") var storedGraph = false
    @Flag(help: "Use the file although it was modified.") var allowModified = false
}

/// A session that is there already, and what is needed to run it.
struct GoingOn {
    let plan: RunPlan
    let row: SessionRow
    let sessions: Sessions

    /// With `file` instead of the one that the session names.
    init(_ id: String, _ options: RunOptions, _ graph: GraphOptions, file other: String? = nil) async throws {
        let store = try options.openStore(by: try options.store.config.settings())
        let place = HandlerPlace(workingDirectory: FileManager.default.currentDirectoryPath)
        let finder = Sessions(store: store, kit: RunKit(handlers: HandlerRegistry(), place: place))
        let (row, story, kept) = try await refusing { () async throws(SessionRefusal) in
            let row = try await finder.find(id)
            let story = try await finder.story(of: row)
            return (row, story, try await finder.settings(of: story))
        }
        // For the files about the run only: what is wrong with it is said by whoever goes on with it.
        let source = try? await finder.source(
            of: story, usesStored: graph.storedGraph, allowsModified: graph.allowModified)
        let file = other ?? (story.file.isEmpty ? nil : story.file)
        var session = ModelChoice(json: kept.models)
        if session.agent == nil, !session.isWithheld { session.agent = story.agent }
        self.plan = try RunPlan(options, file: file, session: session)
        self.row = row
        self.sessions = Sessions(
            store: store, kit: try self.plan.kit(file: file, exit: source?.graph.exit, displayID: row.displayID))
        Self.say(of: session, options)
    }

    /// The session goes on with who answered when it began, unless somebody else is named here.
    private static func say(of session: ModelChoice, _ options: RunOptions) {
        guard !options.agents.models.namesSomebody else { return }
        if let agent = session.agent {
            Output.aside("orchestra: note: the agent is that of the session: \(agent.shownToPeople())\n")
        } else if !session.servers.isEmpty {
            let servers = session.servers.values.sorted().joined(separator: ", ")
            Output.aside("orchestra: note: the models are those of the session: \(servers.shownToPeople())\n")
        }
    }

    func conductor(of run: SessionRun) -> Conductor {
        Conductor(plan: self.plan, sessions: self.sessions, source: run.source)
    }

    /// Makes a fork of the session, says which, and lets it play to its end.
    func playFork(_ make: () async throws(SessionRefusal) -> SessionRun) async throws {
        let run = try await refusing { () async throws(SessionRefusal) in try await make() }
        let node = run.nextNode.map { ", and goes on at \($0)" } ?? ""
        Output.aside("orchestra: session \(self.row.displayID) is forked as \(run.story.displayID)\(node)\n")
        try await self.conductor(of: run).play(run)
    }
}
