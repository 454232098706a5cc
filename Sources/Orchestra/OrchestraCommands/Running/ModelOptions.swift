import ArgumentParser
import PipelineSettings

/// Who answers for the models of a pipeline: a program, or servers. Nobody: then they are simulated.
struct ModelOptions: ParsableArguments {
    @Option(help: "The agent for LLM nodes: a command that reads a prompt and prints its answer (ORCHESTRA_AGENT).")
    var agent: String?
    @Option(
        name: .customLong("llm"),
        help: ArgumentHelp(
            "A server that speaks OpenAI's chat protocol, for all LLM nodes or those of one provider (ORCHESTRA_LLM).",
            valueName: "[provider=]url"))
    var servers: [String] = []
    @Option(
        name: .customLong("llm-key"),
        help: ArgumentHelp(
            "The environment variable with the key for it, never the key itself (default: ORCHESTRA_LLM_KEY).",
            valueName: "[provider=]variable"))
    var keys: [String] = []
    @Option(
        name: .customLong("llm-key-file"),
        help: ArgumentHelp("A file with the key for it, which only you may read.", valueName: "[provider=]file"),
        completion: .file())
    var keyFiles: [String] = []
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "The model of nodes that name none (ORCHESTRA_LLM_MODEL), or what a short name stands for.",
            valueName: "[alias=]name"))
    var models: [String] = []

    func validate() throws {
        guard self.agent == nil || self.servers.isEmpty else {
            throw ValidationError("--agent and --llm cannot both answer for the models")
        }
    }

    var namesSomebody: Bool { self.agent != nil || !self.servers.isEmpty }

    /// Whether something is said that is of no use to anybody but a server.
    var needsServer: Bool { !self.keys.isEmpty || !self.keyFiles.isEmpty || !self.models.isEmpty }

    /// What the arguments say.
    func choice(_ environment: [String: String]) throws -> ModelChoice {
        var choice = ModelChoice()
        choice.agent = self.agent
        for server in self.servers {
            let (provider, address) = Self.split(server)
            choice.servers[provider ?? ""] = address
        }
        for word in self.keys {
            let (provider, variable) = Self.split(word)
            // What is no name of a variable may be the key itself, so it is not repeated.
            guard Self.isName(variable), environment[variable] != nil else {
                throw CommandFailure.usage("--llm-key takes the name of an environment variable that is set")
            }
            choice.keys[provider ?? ""] = .variable(variable)
        }
        for word in self.keyFiles {
            let (provider, path) = Self.split(word)
            choice.keys[provider ?? ""] = .file(path.absolutePath)
        }
        for model in self.models {
            let (alias, name) = Self.split(model)
            if let alias { choice.aliases[alias] = name } else { choice.model = name }
        }
        return choice
    }

    /// `NAME=VALUE`, or a value alone; an address may have a `=` of its own.
    private static func split(_ word: String) -> (name: String?, value: String) {
        let name = word.prefix { $0 != "=" }
        guard name.count < word.count, self.isName(name) else { return (nil, word) }
        return (String(name), String(word.dropFirst(name.count + 1)))
    }

    private static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-")
            }
    }
}
