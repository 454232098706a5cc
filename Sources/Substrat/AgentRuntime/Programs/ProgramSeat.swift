import AgentCore
import AgentProtocols
import AgentWorkspaces
import DurableFiles
import ProcessGuard
import Vocabulary

/// Where the program of one agent works, and as whom.
///
///     agents/SESSION/work/                its folder: what it makes there stays
///                       .cursor/, .substrat/   written anew at each start: the token in it is another one then
///
/// With a workspace it works there, in a sandbox, and sees these two as if they were there too: agents that share a
/// workspace do not see each other's.
struct ProgramSeat: Sendable {
    let program: AgentProgram
    let opening: SessionOpening
    let options: ProgramOptions

    /// Where what it must find is.
    var settings: String { "\(self.opening.folder)/work" }
    /// Where it works.
    var folder: String { self.opening.workspace?.root ?? self.settings }

    /// What the program is told before anything else.
    var system: String {
        let task = self.opening.instructions
        return AgentPrompt.text(for: self.opening.name, hasTask: !task.isEmpty) + (task.isEmpty ? "" : "\n\n\(task)")
    }

    /// Makes the folder and what the program must find in it. Blocks.
    func prepare() throws(ProviderFailure) {
        let files = POSIXFileSystem()
        let tools = ToolServerCommand(
            words: self.options.toolServer + ["--agent-id", self.opening.agent.hex],
            environment: ["SUBSTRAT_TOKEN": self.opening.token])
        // Without a sandbox nothing can be seen where it is not.
        let isOpen = try self.opening.workspace.map { (place) throws(ProviderFailure) in try !place.isClosed() }
        let place = isOpen == true ? self.folder : self.settings
        do throws(FileError) {
            try DurableDirectory.make(self.settings, on: files)
            for file in self.program.files(system: self.system, tools: tools) {
                let path = "\(file.isInWork ? place : self.settings)/\(file.path)"
                try DurableDirectory.make(AtomicFile.directory(of: path), on: files)
                try AtomicFile.replace(path, with: Array(file.text.utf8), on: files)
            }
        } catch {
            throw ProviderFailure("the folder of the agent cannot be made: \(error.message)")
        }
    }

    /// How the program is started with these words. Blocks.
    func start(_ words: [String]) throws(ProviderFailure) -> ProcessStart {
        var environment = self.options.environment
        environment["SUBSTRAT_AGENT_ID"] = self.opening.agent.hex
        environment["SUBSTRAT_AGENT_NAME"] = self.opening.name
        environment["SUBSTRAT_TOKEN"] = self.opening.token
        var start = ProcessStart(command: words, environment: environment, workingDirectory: self.folder)
        // After a crash of the daemon its successor goes on with the conversation: nobody else may write to it then.
        start.grace = .zero
        start.guardName = "agent-guard"
        guard let workspace = self.opening.workspace else { return start }
        return try workspace.start(start, needs: self.needs(workspace), covers: self.covers(workspace))
    }

    /// The program itself and what it keeps at home: its own settings, keys and conversations.
    private func needs(_ workspace: SessionWorkspace) throws(ProviderFailure) -> [SandboxPlan.Bind] {
        var binds: [SandboxPlan.Bind] = []
        if let home = self.options.environment["HOME"] {
            let own = self.program.homes.map { SandboxPlan.Bind("\(home)/\($0)", .readWrite, isOptional: true) }
            let installed = self.program.installed.map { SandboxPlan.Bind("\(home)/\($0)", isOptional: true) }
            binds += own + installed
        }
        if self.program.dialect == .claude { binds.append(SandboxPlan.Bind("\(self.settings)/.substrat")) }
        let path = self.program.path
        let isKnown = SandboxPlan.systemFolders.contains { MountPath.isInside(path, $0) }
        if path.hasPrefix("/"), !isKnown { binds.append(try workspace.bind(path)) }
        return binds
    }

    private func covers(_ workspace: SessionWorkspace) -> [SandboxPlan.Bind] {
        guard self.program.dialect == .cursor else { return [] }
        return [SandboxPlan.Bind("\(self.settings)/.cursor", at: "\(workspace.root)/.cursor", .readWrite)]
    }
}

/// A program that is run to its end.
enum ProgramRun {
    /// All that it says. Blocks.
    static func whole(_ start: ProcessStart, _ options: ProgramOptions) throws(ProviderFailure) -> String {
        let name = start.command[0]
        let process: ScriptProcess
        do throws(ProcessError) {
            process = try ScriptProcess(start)
        } catch {
            throw ProviderFailure(error.message)
        }
        defer { process.end(grace: .zero) }
        var said = ""
        do throws(ScriptFailure) {
            while let line = try process.next(after: [], patience: options.patience) {
                said += String(decoding: line, as: UTF8.self) + "\n"
            }
        } catch {
            throw ProviderFailure("\(name): \(error.message)")
        }
        let code = process.exitCode(after: options.grace)
        guard code == 0 else {
            let words = process.complaints.shownToPeople(scalarsMax: 500)
            throw ProviderFailure("\(name) ended with \(code.map { "\($0)" } ?? "a signal"): \(words)")
        }
        return said
    }
}
