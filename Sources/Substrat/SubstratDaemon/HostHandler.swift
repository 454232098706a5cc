import AgentCore
package import AgentRuntime
package import SubstratProtocol
import Synchronization
package import Vocabulary

/// The methods of the daemon of agents: each asks the host for one thing.
package struct HostHandler: RequestHandler {
    let host: AgentHost

    /// Opens the agents of a root, which finishes what a crash has cut off.
    package static func open(
        _ place: DaemonPlace, _ options: HostOptions, providers: [any AgentProvider]
    ) async throws(DaemonError) -> HostHandler {
        do throws(HostError) {
            return HostHandler(host: try await AgentHost.open(place.root, options, providers: providers))
        } catch {
            throw DaemonError(.handler, error.message, hint: error.hint)
        }
    }

    package func answer(_ request: RPCRequest, _ stream: ReplyStream) async throws(RPCError) -> RPCAnswer {
        switch request.method {
        case "agent.create": .result(try await self.create(request))
        case "agent.list": .result(try await self.list(request))
        case "agent.send": .result(try await self.send(request))
        case "agent.stream": try await self.send(request, to: stream)
        case "agent.inspect": .result(try await self.inspect(request))
        case "agent.wait": .result(try await self.wait(request, stream))
        case "agent.events": try await self.events(request, stream)
        case "agent.gate": .result(try await self.gate(request, isGated: true))
        case "agent.ungate": .result(try await self.gate(request, isGated: false))
        case "agent.terminate": .result(try await self.terminate(request))
        case "agent.resume": .result(try await self.resume(request))
        case "agent.adopt": .result(try await self.adopt(request))
        case "session.list", "session.suspend", "session.resume", "session.delete":
            .result(try await self.answerSession(request))
        case "tool.call": .result(try await self.callTool(request))
        case "inbox.list": .result(try await self.inbox(request))
        case "inbox.ack": .result(try await self.acknowledge(request))
        case let method where method.hasPrefix("workspace."): .result(try await self.answerWorkspaces(request))
        case "daemon.recovery": .result(try self.recovery(request))
        default: throw .unknownMethod(request.method)
        }
    }

    package func status() async -> JSONObject {
        var states: JSONObject = [:]
        let agents = await self.host.agents()
        for state in NodeState.allCases where state != .terminated {
            states[state.rawValue] = .integer(Int64(agents.count { $0.state == state }))
        }
        return [
            "agents": .integer(Int64(agents.count)), "states": .object(states),
            "quarantined": .integer(Int64(agents.count { $0.quarantine != nil })),
        ]
    }

    package func stop(grace: Duration) async { await self.host.stop(grace: grace) }
}

// MARK: - Agents

extension HostHandler {
    private func create(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let params = try request.params(
            "name", "instructions", "provider", "model", "parent", "metadata", "workspace", "request_key")
        var metadata: [String: String] = [:]
        for (key, value) in try params.object("metadata") {
            guard let text = value.string else { throw .invalid("metadata must be an object of texts") }
            metadata[key] = text
        }
        let order = AgentOrder(
            name: try params.text("name"), instructions: try params.optionalText("instructions") ?? "",
            provider: try params.optionalText("provider"), model: try params.optionalText("model") ?? "",
            parent: try params.optionalText("parent"), metadata: metadata,
            workspace: try await self.workspace(params.value("workspace")),
            requestKey: try params.optionalText("request_key"))
        return .object(try await asked { () throws(HostError) in try await self.host.createAgent(order) }.json)
    }

    private func list(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        _ = try request.params()
        return ["agents": .array(await self.host.agents().map { .object($0.json) })]
    }

    private func inspect(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let agent = try await self.agent(try request.params("agent_id"))
        return .object(try await asked { () throws(HostError) in try await self.host.inspect(agent) }.json)
    }

    private func gate(_ request: RPCRequest, isGated: Bool) async throws(RPCError) -> JSONValue {
        let agent = try await self.agent(try request.params("agent_id"))
        try await asked { () throws(HostError) in try await self.host.gate(agent, isGated: isGated) }
        return ["status": isGated ? "gated" : "ungated", "agent_id": .string(agent.hex)]
    }

    private func terminate(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let params = try request.params("agent_id", "recursive")
        let agent = try await self.agent(params)
        let recursive = try params.flag("recursive")
        try await asked { () throws(HostError) in try await self.host.terminate(agent, recursive: recursive) }
        return ["status": "terminated", "agent_id": .string(agent.hex)]
    }

    /// The agent that `agent_id` refers to.
    func agent(_ params: RPCParameters) async throws(RPCError) -> AgentID {
        let reference = try params.text("agent_id")
        return try await asked { () throws(HostError) in try await self.host.resolve(reference) }
    }

    private func recovery(_ request: RPCRequest) throws(RPCError) -> JSONValue {
        _ = try request.params()
        return .object(self.host.recovery.json)
    }
}

// MARK: - Turns and mail

extension HostHandler {
    private func send(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let response = try await self.turn(request, onChunk: nil)
        return ["response": .string(response)]
    }

    /// An answer that did not come in pieces, as that of a repeat, is one piece.
    private func send(_ request: RPCRequest, to stream: ReplyStream) async throws(RPCError) -> RPCAnswer {
        let heard = HeardChunks()
        let response = try await self.turn(request) { chunk in
            heard.note()
            stream.send(chunk)
        }
        if !heard.any, !response.isEmpty { stream.send(response) }
        return .done
    }

    private func turn(
        _ request: RPCRequest, onChunk: (@Sendable (String) -> Void)?
    ) async throws(RPCError) -> String {
        let params = try request.params("agent_id", "message", "request_key")
        let (message, key) = (try params.text("message"), try params.optionalText("request_key"))
        let agent = try await self.agent(params)
        return try await asked { () throws(HostError) in
            try await self.host.send(agent, message, requestKey: key, onChunk: onChunk)
        }
    }

    /// Whoever has the agent's token speaks for it, and nobody else.
    private func callTool(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let params = try request.params("agent_id", "tool", "arguments", "token")
        let (tool, arguments) = (try params.text("tool"), try params.object("arguments"))
        let token = try params.text("token")
        let agent = try await self.agent(params)
        let real = try await asked { () throws(HostError) in try await self.host.token(of: agent) }
        guard Secrets.areEqual(token, real) else {
            throw RPCError(.invalid, "the token is not that of agent \(agent.hex)", kind: "token")
        }
        return try await asked { () throws(HostError) in try await self.host.callTool(agent, tool, arguments) }
    }

    private func inbox(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let isKept = try request.params("keep").flag("keep")
        let entries = try await asked { () throws(HostError) in
            isKept ? self.host.operatorInbox() : try await self.host.takeOperatorInbox()
        }
        return ["messages": .array(entries.map { .object($0.json) })]
    }

    private func acknowledge(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let texts = try request.params("message_ids").texts("message_ids")
        var ids: [EnvelopeID] = []
        for text in texts {
            guard let id = EnvelopeID(hexOrDashed: text) else {
                throw .invalid("\(text.quotedForPeople()) is no id of a message", hint: "inbox.list has them")
            }
            ids.append(id)
        }
        let taken = try await asked { () throws(HostError) in try await self.host.acknowledge(ids) }
        return ["message_ids": .array(taken.map { .string($0.hex) })]
    }
}

// MARK: - Waiting

extension HostHandler {
    /// How many events one answer may hold.
    private static let eventsMax = 10_000

    /// How long nothing may happen until it is looked whether the client is still there.
    private static let lookEvery = Duration.seconds(1)

    /// Until the agent is idle and nothing waits for it.
    private func wait(_ request: RPCRequest, _ stream: ReplyStream) async throws(RPCError) -> JSONValue {
        let params = try request.params("agent_id", "timeout")
        let seconds = try params.count("timeout", in: 0...86_400, or: 600)
        let agent = try await self.agent(params)
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            // In this order: what comes between the two is noticed.
            let last = try await asked { () throws(HostError) in try self.host.lastEvent(of: agent) }
            let now = try await asked { () throws(HostError) in try await self.host.inspect(agent) }
            if now.summary.state == .idle, now.inbox.isEmpty {
                return ["agent_id": .string(agent.hex), "state": .string(now.summary.state.rawValue)]
            }
            let left = end - .now
            guard left > .zero else {
                throw RPCError(.invalid, "the agent is not done after \(seconds) seconds", kind: "timeout")
            }
            guard stream.isOpen else { throw .unavailable("the daemon is stopping") }
            try await asked { () throws(HostError) in
                try await self.host.waitForEvents(of: agent, after: last, for: min(left, Self.lookEvery))
            }
        }
    }

    private func events(_ request: RPCRequest, _ stream: ReplyStream) async throws(RPCError) -> RPCAnswer {
        let params = try request.params("agent_id", "offset", "limit", "follow")
        var offset = try params.count("offset", in: 0...Int.max, or: 0)
        let limit = try params.count("limit", in: 1...Self.eventsMax, or: 1_000)
        let follow = try params.flag("follow")
        let agent = try await self.agentOrFormer(try params.text("agent_id"))
        repeat {
            let start = offset
            let events = try await asked { () throws(HostError) in
                try await self.host.events(of: agent, after: start, limit: limit)
            }
            if let last = events.last?["seq"]?.integer { offset = Int(last) }
            guard follow else {
                return .result(["events": .array(events.map { .object($0) }), "offset": .integer(Int64(offset))])
            }
            for event in events { stream.send(event) }
            let last = offset
            try await asked { () throws(HostError) in
                while stream.isOpen, try self.host.lastEvent(of: agent) <= last {
                    try await self.host.waitForEvents(of: agent, after: last, for: Self.lookEvery)
                }
            }
        } while await stream.hasRoom()
        return .done
    }

    /// Also one that has ended, by its id, and the operator.
    private func agentOrFormer(_ reference: String) async throws(RPCError) -> AgentID {
        if reference.uppercased() == "USER" { return .user }
        do throws(HostError) {
            return try await self.host.resolve(reference)
        } catch {
            guard error.code == .notFound, let id = AgentID(hexOrDashed: reference) else { throw RPCError(error) }
            return id
        }
    }
}

/// Has the host do something, and says what it refuses as the wire does.
func asked<Answer>(
    _ body: () async throws(HostError) -> Answer
) async throws(RPCError) -> Answer {
    do throws(HostError) { return try await body() } catch { throw RPCError(error) }
}

extension RPCRequest {
    func params(_ names: String...) throws(RPCError) -> RPCParameters {
        try RPCParameters(self.params, of: self.method, known: names)
    }
}

extension RPCError {
    init(_ error: HostError) {
        switch error.code {
        case .notFound: self.init(.notFound, error.message, hint: error.hint)
        case .invalid: self.init(.invalid, error.message, hint: error.hint)
        case .busy: self.init(.invalid, error.message, kind: "busy", hint: error.hint)
        case .unavailable: self.init(.fault, error.message, kind: "unavailable", hint: error.hint)
        default: self.init(.fault, error.message, hint: error.hint)
        }
    }
}

/// Whether any piece of an answer has come.
private final class HeardChunks: Sendable {
    private let count = Mutex(0)
    func note() { self.count.withLock { $0 += 1 } }
    var any: Bool { self.count.withLock { $0 > 0 } }
}

/// Texts that nobody may guess.
enum Secrets {
    /// Takes as long for a wrong text as for the right one.
    static func areEqual(_ given: String, _ real: String) -> Bool {
        let (given, real) = (Array(given.utf8), Array(real.utf8))
        guard given.count == real.count else { return false }
        return zip(given, real).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
