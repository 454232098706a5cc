import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails context prune`: removes kept contexts that are old. Roots are never touched.
struct ContextPrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove kept contexts that are old. Roots are never touched.",
        discussion: """
            With --completed-only a context goes only when the server confirms that its parent is done or cancelled \
            and that nothing below it is live; when the server is not there, nothing goes (exit code 69). Without it \
            what is old goes to the trash.
            """)

    @Option(name: .customLong("older-than"), help: ArgumentHelp("The age, as 30d.", valueName: "duration"))
    var olderThan: DurationArgument
    @Flag(name: .customLong("completed-only"), help: "Only those whose whole tree has ended.") var completedOnly = false
    @Flag(name: .customLong("dry-run"), help: "Only say what would go.") var dryRun = false
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        _ = try? caller.contexts.sweepTrash()  // else the next one does it
        let eldest = Timestamp.now() - self.olderThan.value
        var doomed: [ContextID] = []
        var failure: CommandFailure?
        for listed in try caller.contexts.list() where listed.id.kind == .kept {
            guard case .success(let context) = listed.content else {
                Output.warn("the \(listed.id) cannot be read, and stays")
                continue
            }
            guard context.createdAt < eldest else { continue }
            switch try await self.isCompleted(listed.id, caller) {
            case .success(true): doomed.append(listed.id)
            case .success(false): break
            case .failure(let error) where error.exitCode == 69: failure = error
            case .failure(let error): Output.warn("the \(listed.id) stays: \(error.message)")
            }
        }
        if let failure { throw failure }
        for id in doomed {
            if !self.dryRun { try caller.contexts.remove(id, purge: self.completedOnly) }
            Output.line("\(self.dryRun ? "would remove" : "removed") \(id)")
        }
    }

    private func isCompleted(_ id: ContextID, _ caller: Caller) async throws -> Result<Bool, CommandFailure> {
        guard self.completedOnly else { return .success(true) }
        switch await caller.verdict(on: id) {
        case .over(let status): return .success(status == .done || status == .cancelled)
        case .live: return .success(false)
        case .unknown(let failure): return .failure(failure)
        }
    }
}
