import ArgumentParser
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

    func run() async throws {
        let scene = try await GoingOn(self.id, self.options, self.graph)
        var resume = ResumeOptions()
        resume.usesStoredGraph = self.graph.storedGraph
        resume.allowsModified = self.graph.allowModified
        resume.takesOver = self.takeOver
        let options = resume
        let run = try await refusing { () async throws(SessionRefusal) in
            try await scene.sessions.resume(scene.row, options)
        }
        if let node = try? scene.sessions.summary(of: scene.row).nextNode {
            Output.aside("orchestra: resuming session \(scene.row.displayID) at \(node)\n")
        }
        try await scene.conductor().play(run)
    }
}

/// Which text of the pipeline a session goes on with.
struct GraphOptions: ParsableArguments {
    @Flag(help: "Use the pipeline as it is in the store.") var storedGraph = false
    @Flag(help: "Use the file although it was modified.") var allowModified = false
}

/// A session that is there already, and what is needed to run it.
struct GoingOn {
    let options: RunOptions
    let graph: GraphOptions
    let row: SessionRow
    let story: SessionStory
    let sessions: Sessions

    init(_ id: String, _ options: RunOptions, _ graph: GraphOptions) async throws {
        let store = try options.openStore()
        let finder = Sessions(store: store, kit: try options.kit())
        let (row, story) = try await refusing { () async throws(SessionRefusal) in
            let row = try await finder.find(id)
            return (row, try await finder.story(of: row))
        }
        let options = Self.withAgent(of: story, options)
        self.options = options
        self.graph = graph
        self.row = row
        self.story = story
        let file = story.file.isEmpty ? nil : story.file
        self.sessions = Sessions(store: store, kit: try options.kit(file: file, displayID: row.displayID))
    }

    /// The session goes on with the agent that it began with, unless one is named here.
    private static func withAgent(of story: SessionStory, _ options: RunOptions) -> RunOptions {
        guard let agent = story.agent, options.agents.namedAgent == nil else { return options }
        Output.aside("orchestra: note: the agent is that of the session: \(agent.shownToPeople())\n")
        var options = options
        options.agents.agent = agent
        return options
    }

    /// For a run that `sessions` has agreed to, so the text is there and sound.
    func conductor() async throws -> Conductor {
        let source = try await refusing { () async throws(SessionRefusal) in
            try await self.sessions.source(
                of: self.story, usesStored: self.graph.storedGraph, allowsModified: self.graph.allowModified)
        }
        return Conductor(options: self.options, sessions: self.sessions, source: source)
    }
}
