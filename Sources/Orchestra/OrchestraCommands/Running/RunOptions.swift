import ArgumentParser
import Foundation
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

/// What commands that run a pipeline have in common.
struct RunOptions: ParsableArguments {
    @OptionGroup var store: StoreOptions
    @Flag(help: "Say yes to every question; take the first choice.") var autoApprove = false
    @Flag(help: "Print one JSON object for each event.") var json = false
    @Option(help: "The agent for LLM nodes: a command that reads a prompt and prints its answer (ORCHESTRA_AGENT).")
    var agent: String?
    @Option(help: "Where the files of runs go (default: ~/.orchestra/runs).", completion: .directory)
    var runs: String?
    @Option(help: "What to do with an attempt that a crash left in doubt: retry, ask or fail.")
    var onUnknown = UnknownFatePolicy.retry
    @Option(help: "End with this code instead of 0 when the run is paused.") var pauseExitCode: Int32 = 0

    /// `nil` for nobody: the nodes of models are simulated then.
    private var agentCommand: AgentCommand? {
        let command = self.agent ?? ProcessInfo.processInfo.environment["ORCHESTRA_AGENT"] ?? ""
        return command.isEmpty ? nil : AgentCommand(command)
    }

    var handlers: HandlerRegistry {
        var registry = HandlerRegistry([.tool: ToolHandler()])
        guard let agent = self.agentCommand else { return registry }
        registry[.codergen] = CodergenHandler(agent)
        registry[.fanIn] = FanInHandler(agent)
        return registry
    }

    private var runsPath: String { self.runs.map { $0.absolutePath } ?? "\(StoreOptions.home)/runs" }

    /// The kit of a run of the pipeline in `file`; without one, of commands that run nothing.
    func kit(file: String? = nil, exit: NodeID? = nil, displayID: DisplayID? = nil) -> RunKit {
        let folder = file.map { URL(filePath: $0).deletingLastPathComponent().path(percentEncoded: false) }
        let place = HandlerPlace(
            workingDirectory: folder ?? FileManager.default.currentDirectoryPath, runDirectory: self.runsPath)
        var kit = RunKit(handlers: self.handlers, place: place)
        kit.interviewer = self.interviewer
        kit.observers = [
            EventPrinter(json: self.json, displayID: displayID), RunDirectoryKeeper(in: self.runsPath, exit: exit),
        ]
        kit.unknownFate = self.onUnknown
        kit.isSimulated = self.agentCommand == nil
        kit.engineVersion = VersionCommand.number
        kit.say = { Output.aside("orchestra: note: \($0)\n") }
        return kit
    }

    /// `nil` when nobody could answer here: then a question waits for `orchestra answer`.
    private var interviewer: (any Interviewer)? {
        if self.autoApprove { return AutoApprover() }
        guard Input.isSomebody else { return nil }
        return ConsoleInterviewer(LineReader(STDIN_FILENO), person: Input.person) { Output.aside($0) }
    }

    /// Says what a person could take for real otherwise.
    func warn(about graph: PipelineGraph) {
        guard self.agentCommand == nil, graph.nodes.contains(where: { $0.handler == .codergen }) else { return }
        Output.aside("orchestra: note: no agent is configured, so LLM nodes are simulated (see --agent)\n")
    }
}

extension UnknownFatePolicy: ExpressibleByArgument {}

/// Who sits at standard input.
enum Input {
    /// Whether it is a terminal, a pipe or a file, and not nothing.
    static var isSomebody: Bool {
        if isatty(STDIN_FILENO) == 1 { return true }
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        return kind == S_IFIFO || kind == S_IFREG || kind == S_IFSOCK
    }

    static var person: String { ProcessInfo.processInfo.environment["USER"] ?? "console" }
}

extension String {
    /// As seen from the current directory.
    var absolutePath: String {
        URL(filePath: self, relativeTo: URL.currentDirectory()).standardizedFileURL.path(percentEncoded: false)
    }
}
