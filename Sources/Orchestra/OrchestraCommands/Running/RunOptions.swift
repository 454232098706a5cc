import ArgumentParser
import Foundation
import PipelineApps
import PipelineCore
import PipelineRuntime
import PipelineWorkspaces
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// What commands that run a pipeline have in common.
struct RunOptions: ParsableArguments {
    @OptionGroup var store: StoreOptions
    @Flag(help: "Say yes to every question; take the first choice.") var autoApprove = false
    @Flag(help: "Print one JSON object for each event.") var json = false
    @OptionGroup var agents: AgentOptions
    @Option(help: "Seconds to wait for a store that is away (default: 60; ORCHESTRA_STORE_PATIENCE).")
    var storePatience: Int?
    @Flag(help: "Be no app of TRAILS, although a root is chosen or TRAILS_INFO is set.") var noTrails = false
    @Option(help: "End with this code instead of 0 when the run is paused.") var pauseExitCode: Int32 = 0
    @Option(help: "From a SIGTERM or SIGHUP until the node at work is stopped.") var deadline: TimeLength = "10s"
    @Option(help: "From when a node at work is asked to stop until it is killed.") var grace: TimeLength = "5s"

    /// Of this process.
    static let workspaces = WorkspaceKeeper()

    var handlers: HandlerRegistry {
        let keeper = Self.workspaces
        var registry = self.agents.handlers
        registry[.tool] = WorkspaceHandler(ToolHandler(), keeper: keeper)
        registry[.fanIn] = WorkspaceHandler(FanInHandler(self.agents.backEnd), keeper: keeper, isMerging: true)
        guard let backEnd = self.agents.backEnd else { return registry }
        registry[.codergen] = WorkspaceHandler(CodergenHandler(backEnd), keeper: keeper)
        return registry
    }

    /// How long a run waits for its store before it stops.
    private var patience: Duration {
        get throws {
            let text = ProcessInfo.processInfo.environment["ORCHESTRA_STORE_PATIENCE"] ?? ""
            guard let seconds = self.storePatience ?? (text.isEmpty ? 60 : Int(text)), (0...86_400).contains(seconds)
            else {
                throw CommandFailure.usage("the patience with the store is a number of seconds, at most a day")
            }
            return .seconds(seconds)
        }
    }

    /// Opens the store for a run; no commit waits for other processes for longer than the run has patience.
    func openStore() throws -> SQLiteTurnStore {
        try self.store.open(busyTimeout: min(.seconds(10), max(.milliseconds(100), try self.patience)))
    }

    /// The kit of a run of the pipeline in `file`; without one, of commands that run nothing.
    func kit(file: String? = nil, exit: NodeID? = nil, displayID: DisplayID? = nil) throws -> RunKit {
        let folder = file.map { URL(filePath: $0).deletingLastPathComponent().path(percentEncoded: false) }
        var kit = self.agents.kit(in: folder ?? FileManager.default.currentDirectoryPath)
        kit.handlers = self.handlers
        kit.place.grace = self.grace.length
        let screen = !self.json && LiveScreen.isPossible ? LiveScreen(displayID: displayID) : nil
        kit.interviewer = self.interviewer(screen)
        kit.place.outputPause = screen.map { _ in LiveScreen.pause }
        kit.observers = [
            screen ?? EventPrinter(json: self.json, displayID: displayID),
            RunDirectoryKeeper(in: self.agents.runsPath, exit: exit, displayID: displayID),
        ]
        if file != nil, let apps = self.apps(displayID) {
            kit.observers.append(apps)
            kit.handlers = apps.wrapping(kit.handlers)
        }
        kit.limits.outage = try self.patience
        kit.say = { Output.aside("orchestra: note: \($0)\n") }
        return kit
    }

    /// Shows the run in the tree of TRAILS; `nil` where nobody said which, and no session was shown before.
    private func apps(_ displayID: DisplayID?) -> PipelineApps? {
        guard !self.noTrails else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let notice = { @Sendable (text: String) in Output.aside("orchestra: note: \(text)\n") }
        var standing: Standing?
        do throws(StandingProblem) {
            standing = try Standing.find(in: environment)
        } catch {
            notice("the run is no app of TRAILS: \(error.message)" + (error.hint.map { " (\($0))" } ?? ""))
        }
        guard standing != nil || displayID != nil else { return nil }
        return PipelineApps(
            PipelineApps.Scene(
                standing: standing, runs: self.agents.runsPath, environment: environment, displayID: displayID,
                now: RunWorld().now, notice: notice))
    }

    /// `nil` when nobody could answer here: then a question waits for `orchestra answer`.
    private func interviewer(_ screen: LiveScreen?) -> (any Interviewer)? {
        if self.autoApprove { return AutoApprover() }
        guard Input.isSomebody else { return nil }
        let console = ConsoleInterviewer(LineReader(STDIN_FILENO), person: Input.person) { Output.aside($0) }
        return screen.map { StillInterviewer(other: console, screen: $0) } ?? console
    }

    /// Says what a person could take for real otherwise, and what is heard by others.
    func warn(about graph: PipelineGraph) {
        let asking = graph.nodes.filter { $0.handler == .codergen }
        guard !asking.isEmpty else { return }
        guard let backEnd = self.agents.backEnd else {
            return Output.aside(
                "orchestra: note: no agent is configured, so LLM nodes are simulated (see --agent and --llm)\n")
        }
        for note in (backEnd as? ChatBackEnd)?.notes(about: asking, in: graph) ?? [] {
            Output.aside("orchestra: note: \(note.shownToPeople(scalarsMax: 500))\n")
        }
    }
}

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
