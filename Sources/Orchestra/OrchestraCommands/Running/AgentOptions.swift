import ArgumentParser
import Foundation
import PipelineCore
import PipelineRuntime
import Vocabulary

/// Who does the work of nodes, and where it leaves its files.
struct AgentOptions: ParsableArguments {
    @OptionGroup var models: ModelOptions
    @Option(help: "Where the files of runs go (default: ~/.orchestra/runs).", completion: .directory)
    var runs: String?
    @Option(help: "What to do with an attempt that a crash left in doubt: retry, ask or fail.")
    var onUnknown = UnknownFatePolicy.retry

    /// `nil` for nobody: the nodes of models are simulated then. What is wrong with it was said when it was parsed.
    var backEnd: (any ModelBackEnd)? { try? self.models.backEnd() }

    var handlers: HandlerRegistry {
        var registry = HandlerRegistry([.tool: ToolHandler()])
        guard let backEnd else { return registry }
        registry[.codergen] = CodergenHandler(backEnd)
        registry[.fanIn] = FanInHandler(backEnd)
        return registry
    }

    var runsPath: String { self.runs.map { $0.absolutePath } ?? "\(StoreOptions.home)/runs" }

    /// A kit without anybody who watches or is asked.
    func kit(in folder: String) -> RunKit {
        var kit = RunKit(
            handlers: self.handlers, place: HandlerPlace(workingDirectory: folder, runDirectory: self.runsPath))
        kit.unknownFate = self.onUnknown
        let backEnd = self.backEnd
        kit.isSimulated = backEnd == nil
        kit.agent = (backEnd as? AgentCommand)?.command
        // A question to a model changes nothing; what a program does, nobody knows.
        if backEnd is ChatBackEnd { kit.rerunnableHandlers = [.codergen] }
        kit.engineVersion = VersionCommand.number
        return kit
    }
}

extension UnknownFatePolicy: ExpressibleByArgument {}
