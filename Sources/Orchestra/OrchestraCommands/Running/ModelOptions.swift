import ArgumentParser
import Foundation
import ModelClient
import PipelineRuntime

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
        name: .customLong("model"),
        help: ArgumentHelp(
            "The model of nodes that name none (ORCHESTRA_LLM_MODEL), or what a short name stands for.",
            valueName: "[alias=]name"))
    var models: [String] = []

    mutating func validate() throws {
        _ = try self.backEnd()
    }

    /// Whether somebody said who answers, be it nobody.
    var isSaid: Bool {
        let environment = ProcessInfo.processInfo.environment
        return self.agent != nil || !self.servers.isEmpty || environment["ORCHESTRA_AGENT"] != nil
            || environment["ORCHESTRA_LLM"] != nil
    }

    /// `nil` for nobody.
    func backEnd() throws -> (any ModelBackEnd)? {
        let environment = ProcessInfo.processInfo.environment
        guard self.agent == nil || self.servers.isEmpty else {
            throw ValidationError("--agent and --llm cannot both answer for the models")
        }
        let isSaid = self.agent != nil || !self.servers.isEmpty
        let agent = self.agent ?? (isSaid ? "" : environment["ORCHESTRA_AGENT"] ?? "")
        let server = isSaid ? "" : environment["ORCHESTRA_LLM"] ?? ""
        guard agent.isEmpty || server.isEmpty else {
            throw ValidationError("ORCHESTRA_AGENT and ORCHESTRA_LLM are both set; say --agent or --llm")
        }
        if !agent.isEmpty { return AgentCommand(agent) }
        let servers = server.isEmpty ? self.servers : [server]
        guard !servers.isEmpty else {
            guard self.keys.isEmpty, self.models.isEmpty else {
                throw ValidationError("--llm-key and --model need a server (--llm)")
            }
            return nil
        }
        return ChatBackEnd(try self.directory(of: servers, environment))
    }
}

extension ModelOptions {
    func directory(of servers: [String], _ environment: [String: String]) throws -> ModelDirectory {
        var directory = ModelDirectory()
        let keys = try self.keysByProvider(environment)
        for server in servers {
            let (provider, address) = Self.split(server)
            let endpoint: ChatEndpoint
            do throws(ChatAddressError) {
                endpoint = try ChatEndpoint(address, key: keys[provider ?? ""])
            } catch {
                throw ValidationError("\(error)")
            }
            if let provider {
                directory.byProvider[provider] = endpoint
            } else {
                directory.anyProvider = endpoint
            }
        }
        let unknown = keys.keys.first { !$0.isEmpty && directory.byProvider[$0] == nil }
        if let unknown { throw ValidationError("--llm-key names the provider \(unknown), which has no server (--llm)") }
        directory.modelDefault = environment["ORCHESTRA_LLM_MODEL"] ?? ""
        for model in self.models {
            let (alias, name) = Self.split(model)
            if let alias { directory.aliases[alias] = name } else { directory.modelDefault = name }
        }
        return directory
    }

    /// By provider; under no name, the key for the server of all others.
    private func keysByProvider(_ environment: [String: String]) throws -> [String: ModelKey] {
        var keys: [String: ModelKey] = [:]
        if let secret = environment["ORCHESTRA_LLM_KEY"] { keys[""] = ModelKey(secret, from: "ORCHESTRA_LLM_KEY") }
        for word in self.keys {
            let (provider, variable) = Self.split(word)
            // What is no name of a variable may be the key itself, so it is not repeated.
            guard Self.isName(variable), let secret = environment[variable] else {
                throw ValidationError("--llm-key takes the name of an environment variable that is set")
            }
            guard let key = ModelKey(secret, from: variable) else {
                throw ValidationError("the variable that --llm-key names holds no key")
            }
            keys[provider ?? ""] = key
        }
        return keys
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
