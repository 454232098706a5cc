import ArgumentParser
import Foundation
import PipelineSettings
import PipelineWorkspaces
import TurnStoreSQLite

/// What commands that run a pipeline have in common.
struct RunOptions: ParsableArguments {
    @OptionGroup var store: StoreOptions
    @Flag(help: "Say yes to every question; take the first choice.") var autoApprove = false
    @Flag(help: "What you say to an agent may have many lines; an empty one ends it.") var multiLine = false
    @Flag(help: "Print one JSON object for each event.") var json = false
    @OptionGroup var agents: AgentOptions
    @Option(help: "Seconds to wait for a store that is away (default: 60; ORCHESTRA_STORE_PATIENCE).")
    var storePatience: Int?
    @Flag(help: "Be no app of TRAILS, although a root is chosen or TRAILS_INFO is set.") var noTrails = false
    @Option(help: "End with this code instead of 0 when the run is paused.") var pauseExitCode: Int32 = 0
    @Option(help: "From a SIGTERM or SIGHUP until the node at work is stopped (default: 10s).")
    var deadline: TimeLength?
    @Option(help: "From when a node at work is asked to stop until it is killed (default: 5s).")
    var grace: TimeLength?

    /// Of this process.
    static let workspaces = WorkspaceKeeper()

    /// How long a run waits for its store before it stops.
    func patience(by settings: Settings) throws -> Duration {
        let text = ProcessInfo.processInfo.environment["ORCHESTRA_STORE_PATIENCE"] ?? ""
        let said = self.storePatience ?? (text.isEmpty ? settings.storePatience ?? 60 : Int(text))
        guard let said, (0...86_400).contains(said) else {
            throw CommandFailure.usage("the patience with the store is a number of seconds, at most a day")
        }
        return .seconds(said)
    }

    /// Opens the store for a run; no commit waits for other processes for longer than the run has patience.
    func openStore(by settings: Settings) throws -> SQLiteTurnStore {
        let patience = try self.patience(by: settings)
        return try self.store.open(busyTimeout: min(.seconds(10), max(.milliseconds(100), patience)), by: settings)
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
