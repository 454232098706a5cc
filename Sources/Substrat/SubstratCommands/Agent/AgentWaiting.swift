import ArgumentParser
import SubstratClient
import SubstratProtocol
import Vocabulary

/// `substrat agent wait`.
struct AgentWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until an agent is idle and has read its mail.")

    @Argument(help: "Which agent.") var ref: String
    @Option(help: "How long to wait, in seconds.") var timeout = 600
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        var params = JSONObject(agent: self.ref)
        params["timeout"] = .integer(Int64(self.timeout))
        let answer = try await self.place.ask(
            "agent.wait", params, timeout: .seconds(Int64(self.timeout)) + .seconds(30))
        self.place.say(answer) { $0["state"]?.string ?? "?" }
    }
}

/// `substrat agent events`.
struct AgentEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print the events of an agent, also of one that has ended.",
        discussion: "The operator's own are those of USER. With --json a line is one event, whole.")

    @Argument(help: "Which agent.") var ref: String
    @Option(help: "Only those after this number.") var after = 0
    @Flag(help: "Go on with those to come.") var follow = false
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try await self.place.connected { (connection) throws(ClientError) in
            // Of one that has ended nothing can be inspected; its lines are then without the session.
            let agent = self.place.json ? nil : try? await connection.call("agent.inspect", JSONObject(agent: self.ref))
            let session = agent?["session_id"]?.string ?? ""
            guard !self.follow else { return try await self.followAll(session, over: connection) }
            var offset = self.after
            while true {
                let page = try await connection.call("agent.events", self.params(after: offset))
                let events = page["events"]?.array ?? []
                for event in events { self.say(event.object ?? [:], session) }
                guard !events.isEmpty, let last = page["offset"]?.integer else { return }
                offset = Int(last)
            }
        }
    }

    private func followAll(_ session: String, over connection: SubstratConnection) async throws(ClientError) {
        var params = self.params(after: self.after)
        params["follow"] = true
        try await connection.stream("agent.events", params, timeout: nil) { body in
            if case .event(let event) = body { self.say(event, session) }
        }
    }

    private func params(after offset: Int) -> JSONObject {
        var params = JSONObject(agent: self.ref)
        params["offset"] = .integer(Int64(offset))
        return params
    }

    private func say(_ event: JSONObject, _ session: String) {
        if self.place.json { Output.json(.object(event)) } else { Output.line(Texts.event(event, session: session)) }
    }
}

/// `substrat agent gate`.
struct AgentGate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Hold an agent: mail does not wake it.")

    @Argument(help: "Which agent.") var ref: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("agent.gate", JSONObject(agent: self.ref))
        self.place.say(answer) { "gated \($0["agent_id"]?.string ?? "?")" }
    }
}

/// `substrat agent ungate`.
struct AgentUngate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ungate", abstract: "Let a held agent go on.")

    @Argument(help: "Which agent.") var ref: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("agent.ungate", JSONObject(agent: self.ref))
        self.place.say(answer) { "ungated \($0["agent_id"]?.string ?? "?")" }
    }
}
