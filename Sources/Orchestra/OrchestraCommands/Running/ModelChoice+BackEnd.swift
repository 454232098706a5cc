import DurableFiles
import ModelClient
import PipelineRuntime
import PipelineSettings
import Vocabulary

extension ModelChoice {
    private static let keySizeMax = 64 << 10

    /// `nil` for nobody. Keys are read now.
    func backEnd(_ environment: [String: String]) throws -> (any ModelBackEnd)? {
        guard self.agent == nil || self.servers.isEmpty else {
            throw CommandFailure.usage("ORCHESTRA_AGENT and ORCHESTRA_LLM are both set; say --agent or --llm")
        }
        if let agent { return AgentCommand(agent) }
        return self.servers.isEmpty ? nil : ChatBackEnd(try self.directory(environment))
    }

    private func directory(_ environment: [String: String]) throws -> ModelDirectory {
        if let unknown = self.keys.keys.sorted().first(where: { !$0.isEmpty && self.servers[$0] == nil }) {
            throw CommandFailure.usage(
                "--llm-key names the provider \(unknown.shownToPeople()), which has no server (--llm)")
        }
        var directory = ModelDirectory(modelDefault: self.model ?? "", aliases: self.aliases)
        directory.modelByProvider = self.modelByProvider
        directory.aliasesByProvider = self.aliasesByProvider
        for (provider, address) in self.servers {
            let key = try self.key(for: provider, environment)
            let endpoint: ChatEndpoint
            do throws(ChatAddressError) {
                endpoint = try ChatEndpoint(address, key: key)
            } catch {
                throw CommandFailure.usage("\(error)")
            }
            if provider.isEmpty { directory.anyProvider = endpoint } else { directory.byProvider[provider] = endpoint }
        }
        return directory
    }

    private func key(for provider: String, _ environment: [String: String]) throws -> ModelKey? {
        switch self.keys[provider] {
        case .variable(let name):
            guard let secret = environment[name] else {
                throw CommandFailure.usage(
                    "the environment variable \(name.shownToPeople()), which should hold the key of a model server, "
                        + "is not set", hint: "set it, or name another with --llm-key")
            }
            guard let key = ModelKey(secret, from: name) else {
                throw CommandFailure.usage("the variable that --llm-key names holds no key")
            }
            return key
        case .file(let path): return try self.key(in: path)
        case nil:
            guard provider.isEmpty, let secret = environment["ORCHESTRA_LLM_KEY"] else { return nil }
            return ModelKey(secret, from: "ORCHESTRA_LLM_KEY")
        }
    }

    private func key(in path: String) throws -> ModelKey {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try PrivateFile.read(path, limit: Self.keySizeMax, on: POSIXFileSystem())
        } catch {
            throw CommandFailure.refused("the key of a model server cannot be read: \(error.message)", hint: error.hint)
        }
        guard let key = ModelKey(String(decoding: bytes, as: UTF8.self), from: path) else {
            throw CommandFailure.refused("\(path.shownToPeople(scalarsMax: 500)) holds no key")
        }
        return key
    }
}
