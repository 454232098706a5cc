package import ModelClient
import PipelineCore

/// Which model a node means, and where that is asked.
package struct ModelDirectory: Sendable, Hashable {
    /// For nodes that name no provider, or one that is not in `byProvider`.
    package var anyProvider: ChatEndpoint?
    package var byProvider: [String: ChatEndpoint]
    /// For nodes that name none.
    package var modelDefault: String
    /// Short names that stylesheets may use, as `smart`.
    package var aliases: [String: String]
    /// The same for nodes of one provider, which comes first.
    package var modelByProvider: [String: String] = [:]
    package var aliasesByProvider: [String: [String: String]] = [:]

    package init(
        anyProvider: ChatEndpoint? = nil, byProvider: [String: ChatEndpoint] = [:], modelDefault: String = "",
        aliases: [String: String] = [:]
    ) {
        self.anyProvider = anyProvider
        self.byProvider = byProvider
        self.modelDefault = modelDefault
        self.aliases = aliases
    }

    /// All that is known here and must be known to nobody else.
    var secrets: [String] {
        ([self.anyProvider].compactMap { $0 } + self.byProvider.values).compactMap { $0.key?.secret }
    }

    /// A model, by the name that its server knows.
    package struct Choice: Sendable, Hashable {
        package let model: String
        package let provider: String
        package let endpoint: ChatEndpoint
    }

    /// Why a node has no model.
    package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        case noModel
        case noServer(provider: String)

        package var description: String {
            switch self {
            case .noModel: "no model is named (give llm_model to the node, the stylesheet or the graph, or --model)"
            case .noServer(""): "no server is named for nodes without llm_provider (--llm URL)"
            case .noServer(let provider): "no server is named for the provider \(provider) (--llm \(provider)=URL)"
            }
        }
    }

    /// - Parameters: what the node or its graph says; empty for nothing.
    package func choose(model: String, provider: String) throws(Refusal) -> Choice {
        let name = model.isEmpty ? self.modelByProvider[provider] ?? self.modelDefault : model
        guard !name.isEmpty else { throw .noModel }
        guard let endpoint = self.byProvider[provider] ?? self.anyProvider else { throw .noServer(provider: provider) }
        let meant = self.aliasesByProvider[provider]?[name] ?? self.aliases[name] ?? name
        return Choice(model: meant, provider: provider, endpoint: endpoint)
    }
}
