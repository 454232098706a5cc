import AgentWorkspaces
import ArgumentParser
import SubstratClient
import Vocabulary

/// `substrat agent`: what can be asked of agents.
struct AgentCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Make agents, talk to them, look at them.",
        discussion: """
            REF names an agent: its path (boss/worker), its name where only one has it, or its id.
            """,
        subcommands: [
            AgentCreate.self, AgentList.self, AgentSend.self, AgentInspect.self, AgentAttach.self, AgentWait.self,
            AgentEvents.self, AgentReplay.self, AgentGate.self, AgentUngate.self, AgentResume.self,
            AgentAdopt.self, AgentTerminate.self,
        ])
}

/// `substrat agent create`.
struct AgentCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make an agent.")

    @Argument(help: "Its name: 1 to 64 letters, digits, _, - or dots.") var name: String
    @Option(help: "What it is for.") var instructions: String?
    @Option(help: "Who answers for it; else that of its parent, or the daemon's default.") var provider: String?
    @Option(help: "Which model of the provider; of a script, its path.") var model: String?
    @Option(help: "REF of its parent; without one it is a root.") var parent: String?
    @Option(help: "Where it works: NAME of a workspace of yours, or SCOPE/NAME; else where its parent does.")
    var workspace: String?
    @Option(help: "A repeat with the same key makes no second agent.") var requestKey: String?
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        var params = JSONObject(name: self.name).adding([
            "instructions": self.instructions, "provider": self.provider, "model": self.model,
            "parent": self.parent, "request_key": self.requestKey,
        ])
        if let workspace = self.workspace {
            let parts = workspace.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            params["workspace"] = [
                "scope": .string(parts.count > 1 ? parts.dropLast().joined(separator: "/") : "USER"),
                "name": .string(parts.last ?? ""),
            ]
        }
        let agent = try await self.place.ask("agent.create", params)
        self.place.say(agent) { "\($0["agent_id"]?.string ?? "?")  \($0["name"]?.string ?? "?")" }
    }
}

/// `substrat agent list`.
struct AgentList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List all agents.")

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("agent.list")
        self.place.say(answer["agents"] ?? []) { agents in
            let lines = (agents.array ?? []).map { agent in
                let marks =
                    [agent["state"]?.string ?? "?"] + (agent["gated"]?.bool == true ? ["gated"] : [])
                    + (agent["suspended"]?.bool == true ? ["suspended"] : [])
                    + (agent["quarantine"]?.string.map { ["quarantined: \(Texts.cut($0))"] } ?? [])
                return "\(agent["path"]?.string ?? "?")  [\(marks.joined(separator: ", "))]"
            }
            return lines.isEmpty ? "no agents" : lines.joined(separator: "\n")
        }
    }
}

/// `substrat agent send`.
struct AgentSend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Have an agent take a turn, and print what it answers.",
        discussion: """
            With --request-key a repeat, also after a crash, gets the answer of the first instead of a second turn.
            """)

    @Argument(help: "Which agent.") var ref: String
    @Argument(help: "What to say; - reads standard input.") var message: String
    @Option(help: "Names this request.") var requestKey: String?
    @Option(help: "How long to wait for the answer.") var timeout = TimeSpan(duration: .seconds(600))
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let params = JSONObject(agent: self.ref).adding([
            "message": try Input.message(self.message), "request_key": self.requestKey,
        ])
        let answer = try await self.place.ask("agent.send", params, timeout: self.timeout.duration)
        self.place.say(answer) { $0["response"]?.string ?? "" }
    }
}

/// `substrat agent inspect`.
struct AgentInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Show one agent.")

    @Argument(help: "Which agent.") var ref: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let agent = try await self.place.ask("agent.inspect", JSONObject(agent: self.ref))
        self.place.say(agent, Self.text)
    }

    private static func text(_ agent: JSONValue) -> String {
        var lines = ["name", "path", "state", "agent_id", "session_id", "provider", "model"].compactMap { key in
            agent[key]?.string.map { "\(key): \($0.shownToPeople(scalarsMax: 500))" }
        }
        if let why = agent["quarantine"]?.string { lines.append("quarantine: \(why.shownToPeople())") }
        if let key = WorkspaceKey(agent["workspace"]) { lines.append("workspace: \(key)") }
        lines.append("children:")
        lines += (agent["children"]?.array ?? []).map {
            "  \($0["name"]?.string ?? "?")  [\($0["state"]?.string ?? "?")]"
        }
        lines.append("inbox:")
        lines += (agent["inbox"]?.array ?? []).map {
            "  from=\(Texts.cut($0["from"]?.string ?? "?"))  \(Texts.cut($0["text"]?.string ?? ""))"
        }
        return lines.joined(separator: "\n")
    }
}

/// `substrat agent terminate`.
struct AgentTerminate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "terminate", abstract: "End an agent.")

    @Argument(help: "Which agent.") var ref: String
    @Flag(help: "With all below it.") var recursive = false
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        var params = JSONObject(agent: self.ref)
        if self.recursive { params["recursive"] = true }
        let answer = try await self.place.ask("agent.terminate", params)
        self.place.say(answer) { "terminated \($0["agent_id"]?.string ?? "?")" }
    }
}

extension JSONObject {
    init(name: String) { self = ["name": .string(name)] }
    init(agent: String) { self = ["agent_id": .string(agent)] }
}
