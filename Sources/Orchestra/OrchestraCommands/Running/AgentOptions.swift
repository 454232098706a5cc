import ArgumentParser
import Foundation
import PipelineCore
import PipelineRuntime
import Vocabulary

/// Who does the work of nodes, and where it leaves its files.
struct AgentOptions: ParsableArguments {
    @Option(help: "The agent for LLM nodes: a command that reads a prompt and prints its answer (ORCHESTRA_AGENT).")
    var agent: String?
    @Option(help: "Where the files of runs go (default: ~/.orchestra/runs).", completion: .directory)
    var runs: String?
    @Option(help: "What to do with an attempt that a crash left in doubt: retry, ask or fail.")
    var onUnknown = UnknownFatePolicy.retry

    /// The agent that was named; empty where somebody insists on none.
    var namedAgent: String? { self.agent ?? ProcessInfo.processInfo.environment["ORCHESTRA_AGENT"] }

    /// `nil` for nobody: the nodes of models are simulated then.
    var agentCommand: AgentCommand? {
        let command = self.namedAgent ?? ""
        return command.isEmpty ? nil : AgentCommand(command)
    }

    var handlers: HandlerRegistry {
        var registry = HandlerRegistry([.tool: ToolHandler()])
        guard let agent = self.agentCommand else { return registry }
        registry[.codergen] = CodergenHandler(agent)
        registry[.fanIn] = FanInHandler(agent)
        return registry
    }

    var runsPath: String { self.runs.map { $0.absolutePath } ?? "\(StoreOptions.home)/runs" }

    /// A kit without anybody who watches or is asked.
    func kit(in folder: String) -> RunKit {
        var kit = RunKit(
            handlers: self.handlers, place: HandlerPlace(workingDirectory: folder, runDirectory: self.runsPath))
        kit.unknownFate = self.onUnknown
        kit.isSimulated = self.agentCommand == nil
        kit.agent = self.agentCommand?.command
        kit.engineVersion = VersionCommand.number
        return kit
    }
}

extension UnknownFatePolicy: ExpressibleByArgument {}
