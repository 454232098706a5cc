import AgentProtocols
import EventLog
package import ModelClient
package import Vocabulary

/// Agents that are bare models, on a server that speaks the chat protocol of OpenAI (Substrat spec, 3.3).
///
/// The server remembers nothing: every question holds the whole conversation, and the log is its only copy. A turn that
/// a crash has cut off is left out of it, and begins anew.
package struct ModelProvider: AgentProvider {
    package let name: String
    private let options: ModelOptions

    package var continuesTurns: Bool { false }

    package init(name: String = "llm", options: ModelOptions) {
        self.name = name
        self.options = options
    }

    package func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue {
        guard self.options.endpoint != nil else { throw Self.noServer }
        let model = opening.model.isEmpty ? self.options.modelDefault : opening.model
        guard !model.isEmpty else {
            throw ProviderFailure("no model is named (--model, or SUBSTRAT_LLM_MODEL for all agents)")
        }
        let system = AgentPrompt.text(for: opening.name, hasTask: !opening.instructions.isEmpty)
        return ["model": .string(model), "system": .string(system)]
    }

    package func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession {
        guard let endpoint = self.options.endpoint else { throw Self.noServer }
        guard let model = reference["model"]?.string, let system = reference["system"]?.string else {
            throw ProviderFailure("it is not on record which model the agent is")
        }
        var reader = ConversationReader(system: system)
        for record in opening.log { reader.read(record.event.name, .object(record.event.data ?? [:])) }
        if let complaint = reader.complaints.first {
            throw ProviderFailure("its conversation cannot be read from its log: \(complaint)")
        }
        return ModelSession(reader, Model(name: model, endpoint: endpoint, options: self.options))
    }

    private static let noServer = ProviderFailure(
        "no model server is named (daemon start --llm URL, or SUBSTRAT_LLM)")
}

/// Where models are asked, and how.
package struct ModelOptions: Sendable {
    /// `nil` for nowhere: then no agent can be such a model.
    package var endpoint: ChatEndpoint?
    /// For agents that name none.
    package var modelDefault = ""
    package var temperature: Double?
    /// Of one answer.
    package var tokensMax: Int?
    /// How often a model may ask for tools in one turn.
    package var roundsMax = 200
    package var limits = ChatLimits()

    package init(endpoint: ChatEndpoint? = nil) {
        self.endpoint = endpoint
    }
}
