import AgentRuntime
import Foundation
import Logging
import ModelClient
import SubstratProtocol
import Vocabulary

extension HostingOptions {
    /// Who can answer for agents. Keys are read now, and are nowhere else.
    func providers(
        of place: DaemonPlace, _ environment: [String: String]
    ) throws(CommandFailure) -> [any AgentProvider] {
        let programs = AgentProgram.Dialect.allCases.map { dialect -> any AgentProvider in
            let variable = dialect == .cursor ? "SUBSTRAT_CURSOR_AGENT" : "SUBSTRAT_CLAUDE"
            let program = AgentProgram(dialect, command: environment[variable] ?? "")
            return ProgramProvider(program, options: self.programs(place, environment))
        }
        return [self.scripts(place), ModelProvider(options: try self.models(environment))] + programs
    }

    /// Programs of others get the tools of their agents from a tool server, which is this program.
    private func programs(_ place: DaemonPlace, _ environment: [String: String]) -> ProgramOptions {
        var inherited = ProgramOptions.inherited(from: environment)
        inherited["SUBSTRAT_ROOT"] = place.root
        inherited["SUBSTRAT_SOCKET"] = place.socket
        let program = Bundle.main.executablePath ?? "substrat"
        return ProgramOptions(environment: inherited, toolServer: [program, "mcp", "--root", place.root])
    }

    /// Programs of agents find the daemon by what is in their environment.
    private func scripts(_ place: DaemonPlace) -> ScriptedProvider {
        var environment = ScriptOptions.inherited
        environment["SUBSTRAT_ROOT"] = place.root
        environment["SUBSTRAT_SOCKET"] = place.socket
        return ScriptedProvider(options: ScriptOptions(environment: environment))
    }
}

// MARK: - Models on servers

extension HostingOptions {
    private func models(_ environment: [String: String]) throws(CommandFailure) -> ModelOptions {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var options = ModelOptions()
        options.modelDefault = value("SUBSTRAT_LLM_MODEL") ?? ""
        if let text = value("SUBSTRAT_LLM_TEMPERATURE") {
            guard let number = Double(text), (0...10).contains(number) else {
                throw .usage("SUBSTRAT_LLM_TEMPERATURE is no number from 0 to 10")
            }
            options.temperature = number
        }
        if let text = value("SUBSTRAT_LLM_MAX_TOKENS") {
            guard let number = Int(text), number > 0 else {
                throw .usage("SUBSTRAT_LLM_MAX_TOKENS is no number above 0")
            }
            options.tokensMax = number
        }
        guard let address = self.llm ?? value("SUBSTRAT_LLM") else { return options }
        let key = try self.key(value)
        do throws(ChatAddressError) {
            let endpoint = try ChatEndpoint(address, key: key)
            if key != nil, endpoint.isOpenToEavesdroppers {
                self.logger.warning("the key for the model server travels without encryption: use https")
            }
            options.endpoint = endpoint
        } catch {
            throw .usage("\(error)")
        }
        return options
    }

    private func key(_ value: (String) -> String?) throws(CommandFailure) -> ModelKey? {
        let name = self.llmKey ?? "SUBSTRAT_LLM_KEY"
        guard let secret = value(name) else {
            guard self.llmKey == nil else {
                throw .usage("the environment variable \(name.quotedForPeople()), which --llm-key names, is not set")
            }
            return nil
        }
        guard let key = ModelKey(secret, from: name) else {
            throw .usage("the environment variable \(name.quotedForPeople()) holds no key")
        }
        return key
    }
}
