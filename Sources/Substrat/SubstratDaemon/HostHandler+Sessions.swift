import AgentCore
import AgentRuntime
import SubstratProtocol
import Vocabulary

// MARK: - Agents that a restart has left behind

extension HostHandler {
    func resume(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let agent = try await self.agent(try request.params("agent_id"))
        try await asked { () throws(HostError) in try await self.host.goOn(agent) }
        return ["status": "resumed", "agent_id": .string(agent.hex)]
    }

    func adopt(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let params = try request.params("session_id", "parent", "name")
        let (reference, name) = (try params.text("session_id"), try params.optionalText("name"))
        let above = try params.optionalText("parent")
        let agent = try await asked { () throws(HostError) in
            let session = try await self.host.resolveSession(reference)
            var parent: AgentID?
            if let above { parent = try await self.host.resolve(above) }
            return try await self.host.adopt(session, under: parent, name: name)
        }
        return .object(agent.json)
    }
}

// MARK: - Sessions

extension HostHandler {
    func answerSession(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        guard request.method != "session.list" else {
            _ = try request.params()
            return ["sessions": .array(await self.host.sessions().map { .object($0.json) })]
        }
        let reference = try request.params("session_id").text("session_id")
        let session = try await asked { () throws(HostError) in try await self.host.resolveSession(reference) }
        var answer: JSONObject = ["session_id": .string(session.hex)]
        switch request.method {
        case "session.suspend":
            try await asked { () throws(HostError) in try await self.host.suspend(session) }
            answer["status"] = "suspended"
        case "session.resume":
            try await asked { () throws(HostError) in try await self.host.resumeSession(session) }
            answer["status"] = "resumed"
        default:
            let place = try await asked { () throws(HostError) in try await self.host.deleteSession(session) }
            answer["status"] = "deleted"
            answer["trash"] = place.map(JSONValue.string) ?? .null
        }
        return .object(answer)
    }
}
