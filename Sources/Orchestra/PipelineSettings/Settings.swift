package import PipelineCore

/// What `orchestra.yaml` says: what commands take when neither their arguments nor the environment say.
///
/// ```yaml
/// store: state/store.sqlite        # paths are relative to the file
/// runs: state/runs
/// store_patience: 60
/// on_unknown: retry
/// deadline: 10s
/// grace: 5s
/// workspaces: [.]
/// prompt_paths: [prompts]
/// llm:
///   model: small                   # of nodes that name none
///   aliases: {smart: gpt-5}
///   providers:
///     openai: {url: https://api.openai.com/v1, key: OPENAI_API_KEY, model: gpt-5-mini}
/// agents:
///   critic: {role: roles/critic.yaml, task: tasks/review.yaml, model: smart}
/// ```
/// `llm` has `url`, `key` and `key_file` of its own for nodes of other providers, or `agent`, a command.
package struct Settings: Sendable, Hashable {
    /// Absolute; empty when there is no file.
    package var path = ""
    package var store: String?
    package var runs: String?
    package var storePatience: Int?
    package var unknownFate: UnknownFatePolicy?
    package var deadline: Duration?
    package var grace: Duration?
    package var workspaces: [String] = []
    package var promptPaths: [String] = []
    package var llm = Models()
    package var agents: [String: Agent] = [:]

    package init() {}

    /// Who answers for the models.
    package struct Models: Sendable, Hashable {
        package var agent: String?
        package var model: String?
        package var aliases: [String: String] = [:]
        /// By name; under the empty one, that for all others.
        package var providers: [String: Provider] = [:]

        package init() {}
    }

    /// A server, and its key by reference.
    package struct Provider: Sendable, Hashable {
        package var url: String
        package var key: KeyPlace?
        package var model: String?
        package var aliases: [String: String] = [:]

        package init(url: String, key: KeyPlace? = nil) {
            self.url = url
            self.key = key
        }
    }

    /// Where a key is, never the key itself.
    package enum KeyPlace: Sendable, Hashable {
        case variable(String)
        /// Absolute.
        case file(String)
    }

    /// An agent that nodes name: its prompt layers, as files, and its model.
    package struct Agent: Sendable, Hashable {
        package var layers: [PromptBook.Layer.Kind: String]
        package var model: String
        package var provider: String
        package let line: Int
    }
}
