import ArgumentParser
import Foundation
import PipelineRuntime
import PipelineWorkspaces
import TurnModel
import Vocabulary

/// `orchestra cleanup`: takes away what ended sessions have left in repositories.
struct CleanupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup", abstract: "Remove branches and worktrees that ended sessions have left.",
        discussion: """
            Those of sessions that can still be resumed stay, and those that the store does not know. What is kept \
            under refs/orchestra/lost stays too.
            """)

    @Option(help: "A repository (default: that of the current directory).", completion: .directory)
    var workspace: [String] = []
    @Option(help: "Leave alone what ended less than so many days ago.") var olderThan = 7
    @Flag(help: "Only say what would be removed.") var dryRun = false
    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard (0...36_500).contains(self.olderThan) else {
            throw ValidationError("--older-than takes a number of days")
        }
    }

    func run() async throws {
        let place = HandlerPlace(workingDirectory: FileManager.default.currentDirectoryPath)
        let sessions = Sessions(store: try self.store.open(), kit: RunKit(handlers: HandlerRegistry(), place: place))
        var failures = 0
        for path in self.workspace.isEmpty ? ["."] : self.workspace {
            let leftovers = try await workspacing { () async throws(WorkspaceError) in
                try await Leftovers(in: path.absolutePath)
            }
            let all = try await workspacing { () async throws(WorkspaceError) in try await leftovers.all() }
            for leftover in all {
                if try await !self.clean(leftover, of: leftovers, sessions) { failures += 1 }
            }
        }
        if failures > 0 { throw ExitCode(1) }
    }

    /// Whether it is as it should be now.
    private func clean(_ leftover: Leftover, of leftovers: Leftovers, _ sessions: Sessions) async throws -> Bool {
        let name = "\(leftover.branch) (\(leftover.commit.prefix(12)))"
        if let reason = try await self.reasonToKeep(leftover, sessions) {
            Output.line("kept \(name): \(reason)")
            return true
        }
        guard !self.dryRun else {
            Output.line("would remove \(name)")
            return true
        }
        do throws(WorkspaceError) {
            try await leftovers.remove(leftover)
            Output.line("removed \(name)")
            return true
        } catch {
            Output.aside("orchestra: note: \(name) stays: \(error)\n")
            return false
        }
    }

    private func reasonToKeep(_ leftover: Leftover, _ sessions: Sessions) async throws -> String? {
        let found: SessionRow
        do throws(SessionRefusal) {
            found = try await sessions.find(leftover.session)
        } catch {
            guard case .notFound = error else { throw CommandFailure.refused(error.description, hint: error.hint) }
            return "the store knows no session \(leftover.session)"
        }
        guard found.displayID.description == leftover.session else {
            return "the store knows no session \(leftover.session)"
        }
        let row = found
        let summary = try await refusing { () async throws(SessionRefusal) in try sessions.summary(of: row) }
        guard summary.status.isFinal else { return "session \(leftover.session) is \(summary.status.rawValue)" }
        let age = sessions.kit.world.now().since(summary.movedAt)
        return age >= .seconds(self.olderThan * 86_400) ? nil : "it ended less than \(self.olderThan) days ago"
    }
}

/// Turns what is wrong with a repository into words for people.
func workspacing<Value>(_ body: () async throws(WorkspaceError) -> Value) async throws -> Value {
    do throws(WorkspaceError) {
        return try await body()
    } catch {
        throw CommandFailure.refused(error.message, hint: error.hint)
    }
}
