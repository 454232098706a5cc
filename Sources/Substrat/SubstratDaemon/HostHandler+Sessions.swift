import AgentCore
import AgentRuntime
import SubstratProtocol
import Vocabulary

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
