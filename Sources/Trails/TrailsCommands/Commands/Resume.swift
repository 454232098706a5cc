import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails resume`: brings a kept parent back.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Become a kept parent again: eval $(trails resume --name NAME).",
        discussion: "A parent that has ended is resumed too, to look at what its children made; it says so.")

    @Option(help: "The name it was registered with.") var name: String
    @Option(help: ArgumentHelp("How long it may be silent (24h).", valueName: "duration")) var lease: DurationArgument?
    @Flag(help: "Print the key even to a terminal.") var print = false
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        try EvalPrinting.check(isForced: self.print)
        let caller = try Caller(self.who)
        let id = try caller.findKept(ContextName(self.name))
        var identity = try caller.identity(of: id)
        let api = caller.api(identity, patience: .seconds(3))
        var context = try caller.contexts.read(id)
        context = try await caller.pin(id, context, api)
        identity.serverKey = context.serverPublicKey
        let state = try await caller.finish(
            id, context, api, code: nil, isPermanentRoot: id.kind == .root, lease: caller.lease(self.lease))
        if case .known(let app) = state {
            if app.status.isTerminal {
                Output.note("\(identity.label) has ended (\(app.status.rawValue)); its children can still be read")
            } else {
                try await self.comeBack(identity, context, caller, api, isRoot: id.kind == .root)
            }
        }
        EvalPrinting.print(identity)
    }

    /// Renews the lease, and tells where the parent is now.
    private func comeBack(
        _ identity: Identity, _ context: Context, _ caller: Caller, _ api: TrailsAPI, isRoot: Bool
    ) async throws {
        _ = try await api.register(
            RegisterAppBody(
                appID: identity.appID, parentID: nil, appName: context.appName, childKey: identity.key.publicKey,
                lease: caller.lease(self.lease), isPermanentRoot: isRoot, recoveryKey: context.recoveryPublicKey,
                level: SecurityLevel(context.securityLevel), scheduledAt: context.createdAt,
                processInfo: ThisProcess.callerInfo(executable: AppLine.resumedExecutable)),
            as: identity.credentials)
    }
}
