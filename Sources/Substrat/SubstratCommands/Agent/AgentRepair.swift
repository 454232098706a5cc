import ArgumentParser
import SubstratProtocol
import Vocabulary

/// `substrat agent resume`.
struct AgentResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Have an agent go on whose turn a crash has cut off.",
        discussion: """
            For agents that do not go on by themselves: the daemon was started with --resume none, or it died three \
            times in the same turn, which has the agent gated. One whose mail waits after a turn that failed looks at \
            it again. agent wait returns when it is done.
            """)

    @Argument(help: "Which agent.") var ref: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("agent.resume", JSONObject(agent: self.ref))
        self.place.say(answer) { "resumed \($0["agent_id"]?.string ?? "?")" }
    }
}

/// `substrat agent adopt`.
struct AgentAdopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Make an agent of a quarantined session again, with all below it.",
        discussion: """
            A damaged log is written anew with what can be read of it; the damaged file is kept in the folder \
            quarantine of the root. Also an agent whose parent is quarantined can be adopted: it gets another place. \
            What cannot be adopted can be deleted: see substrat session delete.
            """)

    @Argument(help: "The id of a session, a beginning of it, or REF of its agent.") var session: String
    @Option(help: "REF of its parent; without one it is a root.") var parent: String?
    @Option(help: "What it is called there; else as before.") var name: String?
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let params = (["session_id": .string(self.session)] as JSONObject)
            .adding(["parent": self.parent, "name": self.name])
        let agent = try await self.place.ask("agent.adopt", params)
        self.place.say(agent) { "\($0["agent_id"]?.string ?? "?")  \($0["path"]?.string ?? "?")" }
    }
}
