import AgentCore
import AgentProtocols
import ModelClient
import Vocabulary

/// A model on a server, and what it is asked with.
struct Model: Sendable {
    let name: String
    let endpoint: ChatEndpoint
    let options: ModelOptions

    private static let tools = AgentTool.allCases.map { tool -> JSONValue in
        let function: JSONValue = [
            "name": .string(tool.rawValue), "description": .string(tool.summary), "parameters": tool.schema,
        ]
        return ["type": "function", "function": function]
    }

    func ask(_ messages: [JSONValue], _ telling: Telling) async throws(ProviderFailure) -> ChatAnswer {
        let answer: ChatAnswer
        do throws(ChatError) {
            let client = ChatClient(limits: self.options.limits)
            answer = try await client.ask(self.request(messages), at: self.endpoint) { progress in
                switch progress {
                case .text(let text): telling.tell(text)
                case .again: telling.beginAnother()
                }
            }
        } catch {
            throw self.failure("the model failed: \(error)", telling)
        }
        guard answer.ending == .finished else {
            throw self.failure("the model had no tokens left in the middle of its answer (max_tokens)", telling)
        }
        return answer
    }

    private func request(_ messages: [JSONValue]) -> ChatRequest {
        var dice = SystemRandomNumberGenerator()
        let key = Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &dice) })
        var request = ChatRequest(model: self.name, conversation: messages, idempotencyKey: key)
        request.tools = Self.tools
        request.temperature = self.options.temperature
        request.maxTokens = self.options.tokensMax
        return request
    }

    /// One line, without the key: some servers say it back.
    private func failure(_ message: String, _ telling: Telling) -> ProviderFailure {
        let key = self.endpoint.key?.secret ?? ""
        let plain = key.isEmpty ? message : message.replacing(key, with: "[the key]")
        return ProviderFailure(plain.shownToPeople(scalarsMax: 2_000), partial: telling.partial)
    }
}
