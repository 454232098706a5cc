import ArgumentParser
import PipelineCore
import PipelineRuntime
import PipelineSettings
import PipelineWorkspaces
import TurnModel
import Vocabulary

/// `orchestra run`: a new session of a pipeline, from its start.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a pipeline.",
        discussion: """
            Prints a line for each event. Ctrl-C pauses at the next boundary, a second one stops the current node, a \
            third ends at once; "orchestra resume" goes on in each case.
            """)

    @Argument(help: "The pipeline, a file in DOT.", completion: .file(extensions: ["dot", "gv"])) var file: String
    @Argument(help: "Values for the context: key=value.") var variables: [String] = []
    @Option(
        help: "A git repository that nodes work in; each attempt is a commit on a branch of the session (repeatable).",
        completion: .directory)
    var workspace: [String] = []
    @OptionGroup var options: RunOptions
    @Flag(help: "Run in a process of its own, and return when it has begun. Questions wait for \"orchestra answer\".")
    var detach = false
    @Option(help: .hidden) var detachedAs: Int32?

    func run() async throws {
        let plan = try RunPlan(self.options, file: self.file.absolutePath)
        if self.detach { try Detachment(runs: plan.staff.runsPath, json: self.options.json).carryOut() }
        var variables = try Assignments.parse(self.variables)
        let source = try await PipelineSource(file: self.file)
        let paths = self.workspace.isEmpty ? plan.settings.workspaces : self.workspace.map(\.absolutePath)
        let spaces = try await workspacing { () async throws(WorkspaceError) in try await Workspace.open(paths) }
        for space in spaces {
            for (key, value) in space.variables { variables[key] = value }
        }
        let store = try self.options.openStore(by: plan.settings)
        plan.sayWhatOthersMiss()
        var kit = try plan.kit(file: source.path, exit: source.graph.exit)
        if let detachedAs { kit.observers.append(DetachedReporter(detachedAs)) }
        let sessions = Sessions(store: store, kit: kit)
        let all = variables
        let run = try await refusing { () async throws(SessionRefusal) in
            try await sessions.begin(source, variables: all)
        }
        try await Conductor(plan: plan, sessions: sessions, source: source).play(run)
    }
}

extension PipelineSource {
    /// The pipeline in `file`; what could be better about it is said.
    init(file path: String) async throws {
        let file = try PipelineFile(at: path)
        self = try await refusing { () async throws(SessionRefusal) in
            try PipelineSource(file.bytes, path: path.absolutePath, handlers: HandlerRegistry())
        }
        file.tell(self.diagnostics)
    }
}

extension RunPlan {
    /// Says what somebody needs to know who goes on with the session elsewhere.
    fileprivate func sayWhatOthersMiss() {
        if self.staff.kept.isWithheld {
            Output.aside(
                "orchestra: note: a secret is in what answers for the models, so the session does not keep it, and "
                    + "resume needs it again (a $NAME in single quotes is filled in when the agent runs)\n")
        }
        let store = self.options.store
        guard let here = try? store.path(in: try store.config.settings()),
            let ours = try? store.path(in: self.settings), ours != here
        else { return }
        Output.aside("orchestra: note: other commands find the session with --store \(ours.shownToPeople())\n")
    }
}
