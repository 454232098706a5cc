import ArgumentParser
import Foundation
import PipelineApps
import PipelineCore
import PipelineRuntime
import PipelineSettings
import PipelineWorkspaces
import TurnModel
import Vocabulary

/// How a pipeline is run: what the arguments say, and for what they do not say, what else counts.
struct RunPlan {
    let options: RunOptions
    let staff: Staff

    /// - Parameters:
    ///   - file: The pipeline, from which the configuration is looked for.
    ///   - session: What a session that goes on has kept.
    init(_ options: RunOptions, file: String?, session: ModelChoice = ModelChoice()) throws {
        self.options = options
        let settings = try options.store.config.settings(near: file?.parentFolder)
        self.staff = try Staff(options.agents, settings, session: session)
    }

    var settings: Settings { self.staff.settings }

    /// From a SIGTERM until the node at work is stopped.
    var deadline: Duration { self.options.deadline?.length ?? self.settings.deadline ?? .seconds(10) }

    var handlers: HandlerRegistry {
        let keeper = RunOptions.workspaces
        var registry = self.staff.handlers
        registry[.tool] = WorkspaceHandler(ToolHandler(), keeper: keeper)
        registry[.fanIn] = WorkspaceHandler(FanInHandler(self.staff.backEnd), keeper: keeper, isMerging: true)
        guard let backEnd = self.staff.backEnd else { return registry }
        registry[.codergen] = WorkspaceHandler(CodergenHandler(backEnd), keeper: keeper)
        return registry
    }

    /// The kit of a run of the pipeline in `file`; without one, of commands that run nothing.
    func kit(file: String? = nil, exit: NodeID? = nil, displayID: DisplayID? = nil) throws -> RunKit {
        let folder = file.map(\.parentFolder)
        var kit = self.staff.kit(in: folder ?? FileManager.default.currentDirectoryPath)
        kit.handlers = self.handlers
        kit.place.grace = self.options.grace?.length ?? self.settings.grace ?? .seconds(5)
        let screen = !self.options.json && LiveScreen.isPossible ? LiveScreen(displayID: displayID) : nil
        kit.interviewer = self.interviewer(screen)
        kit.place.outputPause = screen.map { _ in LiveScreen.pause }
        kit.observers = [
            screen ?? EventPrinter(json: self.options.json, displayID: displayID),
            RunDirectoryKeeper(in: self.staff.runsPath, exit: exit, displayID: displayID),
        ]
        if file != nil, let apps = self.apps(displayID) {
            kit.observers.append(apps)
            kit.handlers = apps.wrapping(kit.handlers)
        }
        kit.limits.outage = try self.options.patience(by: self.settings)
        kit.say = { Output.aside("orchestra: note: \($0)\n") }
        return kit
    }

    /// Shows the run in the tree of TRAILS; `nil` where nobody said which, and no session was shown before.
    private func apps(_ displayID: DisplayID?) -> PipelineApps? {
        guard !self.options.noTrails else { return nil }
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
                standing: standing, runs: self.staff.runsPath, environment: environment, displayID: displayID,
                now: RunWorld().now, notice: notice))
    }

    /// `nil` when nobody could answer here: then a question waits for `orchestra answer`.
    private func interviewer(_ screen: LiveScreen?) -> (any Interviewer)? {
        if self.options.autoApprove { return AutoApprover() }
        guard Input.isSomebody else { return nil }
        let console = ConsoleInterviewer(
            LineReader(STDIN_FILENO), person: Input.person, isMultiLine: self.options.multiLine
        ) { Output.aside($0) }
        return screen.map { StillInterviewer(other: console, screen: $0) } ?? console
    }

    /// Says what a person could take for real otherwise, and what is heard by others.
    func warn(about graph: PipelineGraph) {
        let asking = graph.nodes.filter { $0.handler == .codergen }
        guard !asking.isEmpty else { return }
        guard let backEnd = self.staff.backEnd else {
            return Output.aside(
                "orchestra: note: no agent is configured, so LLM nodes are simulated (see --agent and --llm)\n")
        }
        for note in (backEnd as? ChatBackEnd)?.notes(about: asking, in: graph) ?? [] {
            Output.aside("orchestra: note: \(note.shownToPeople(scalarsMax: 500))\n")
        }
    }
}
