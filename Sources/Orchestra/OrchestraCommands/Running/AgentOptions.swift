import ArgumentParser
import PipelineCore
import PipelineRuntime

/// Who does the work of nodes, and where it leaves its files: what the arguments say about it.
struct AgentOptions: ParsableArguments {
    @OptionGroup var models: ModelOptions
    @Option(help: "Where the files of runs go (default: ~/.orchestra/runs).", completion: .directory)
    var runs: String?
    @Option(help: "What to do with an attempt that a crash left in doubt: retry (default), ask or fail.")
    var onUnknown: UnknownFatePolicy?
}

extension UnknownFatePolicy: ExpressibleByArgument {}
