import DotLanguage
import DurableFiles
import Foundation
import PipelineCore
import PipelineRuntime
import PipelineSettings
import Vocabulary

/// Who does the work of nodes, and where it leaves its files: what arguments, session, environment and configuration
/// come to, the stronger first.
struct Staff {
    let settings: Settings
    /// As a session keeps it.
    let kept: ModelChoice
    /// `nil` for nobody: the nodes of models are simulated then.
    let backEnd: (any ModelBackEnd)?
    let runsPath: String
    let unknownFate: UnknownFatePolicy

    /// - Parameter session: What a session that goes on has kept.
    init(_ options: AgentOptions, _ settings: Settings, session: ModelChoice = ModelChoice()) throws {
        let environment = ProcessInfo.processInfo.environment
        let said = try options.models.choice(environment)
        let choice = said.over(session).over(ModelChoice(of: environment)).over(ModelChoice(of: settings.llm))
        guard !choice.isWithheld else {
            throw CommandFailure.refused(
                "the session does not keep who answers for its models, for a secret was in it",
                hint: "say it again, with --agent or --llm")
        }
        self.settings = settings
        self.backEnd = try choice.backEnd(environment)
        self.kept = choice.kept(without: Redaction(environment: environment))
        guard self.backEnd != nil || !options.models.needsServer else {
            throw CommandFailure.usage("--llm-key and --model need a server (--llm)")
        }
        self.runsPath = options.runs?.absolutePath ?? settings.runs ?? "\(StoreOptions.home)/runs"
        self.unknownFate = options.onUnknown ?? settings.unknownFate ?? .retry
    }

    var handlers: HandlerRegistry {
        var registry = HandlerRegistry([.tool: ToolHandler()])
        guard let backEnd else { return registry }
        registry[.codergen] = CodergenHandler(backEnd)
        registry[.fanIn] = FanInHandler(backEnd)
        return registry
    }

    /// A kit without anybody who watches or is asked.
    func kit(in folder: String) -> RunKit {
        var kit = RunKit(
            handlers: self.handlers, place: HandlerPlace(workingDirectory: folder, runDirectory: self.runsPath))
        kit.unknownFate = self.unknownFate
        kit.isSimulated = self.backEnd == nil
        kit.agent = self.kept.agent
        kit.models = self.kept.json
        // A question to a model changes nothing; what a program does, nobody knows.
        if self.backEnd is ChatBackEnd { kit.rerunnableHandlers = [.codergen] }
        kit.engineVersion = VersionCommand.number
        let settings = self.settings
        kit.prompts = { source throws(SessionRefusal) in
            let library = PromptLibrary(settings, pipeline: source.path.isEmpty ? folder : source.path.parentFolder)
            let (book, problems) = library.book(for: source.graph)
            guard problems.isEmpty else {
                let path = source.path
                throw .unsound(path, problems.map { $0.placed(in: path) })
            }
            return book
        }
        return kit
    }
}

extension PromptLibrary {
    /// Of this machine.
    init(_ settings: Settings, pipeline: String) {
        self.init(settings, pipeline: pipeline, home: StoreOptions.userHome, on: POSIXFileSystem())
    }
}

extension Diagnostic {
    fileprivate func placed(in path: String) -> Self {
        var placed = self
        placed.path = path
        return placed
    }
}

extension String {
    /// Of the directory that a path is in.
    var parentFolder: String { URL(filePath: self).deletingLastPathComponent().path(percentEncoded: false) }
}
