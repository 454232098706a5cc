import ArgumentParser
import DurableFiles
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails register`: a parent of its own, without a root above it.
struct Register: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Register this shell as a parent: eval $(trails register --name NAME).",
        discussion: """
            Without --keep its key is gone with the shell. With --keep it is in ~/.trails/contexts/NAME.yml, written \
            before the server hears of it, and "trails resume" brings it back. A process that was given TRAILS_INFO \
            registers as that app.
            """)

    @Option(help: "What the parent is called.") var name: String?
    @Flag(help: "Keep the key in a file, to resume with.") var keep = false
    @Flag(help: "Encrypt that file with a passphrase.") var encrypt = false
    @Option(help: ArgumentHelp("How long it may be silent (24h).", valueName: "duration")) var lease: DurationArgument?
    @Option(
        name: .customLong("server-key"),
        help: ArgumentHelp("The server's public key; else the first that answers is trusted.", valueName: "key"))
    var serverKey: String?
    @Flag(help: "Print the key even to a terminal.") var print = false
    @OptionGroup var who: IdentityOptions

    func validate() throws {
        if self.encrypt, !self.keep { throw ValidationError("--encrypt is for the file that --keep makes") }
    }

    func run() async throws {
        try EvalPrinting.check(isForced: self.print)
        let caller = try Caller(self.who)
        let pin = try ServerPin.parse(self.serverKey)
        if let info = caller.environment[TrailsInfo.variable], !info.isEmpty {
            return try await self.registerAsChild(caller)
        }
        guard let name = self.name else {
            throw CommandFailure.usage("a parent needs a name", hint: "give --name NAME")
        }
        if self.keep {
            try await self.registerKept(caller, ContextID(try ContextName(name), .kept), pin)
        } else {
            try await self.registerTransient(caller, name, pin)
        }
    }

    private func registerTransient(_ caller: Caller, _ name: String, _ pin: PublicKey?) async throws {
        var dice = SystemRandomNumberGenerator()
        let endpoint = try caller.newEndpoint()
        let api = caller.api(at: endpoint, key: pin, patience: .seconds(3))
        let identity = Identity(
            origin: .environment, appID: .random(using: &dice), key: .random(using: &dice), name: name,
            endpoint: endpoint, serverKey: try await api.serverKey(), level: caller.level(at: endpoint))
        _ = try await api.register(self.body(identity, caller, scheduledAt: .now()), as: identity.credentials)
        EvalPrinting.print(identity)
    }

    /// The file first, then the server: a key that the server knows is never lost.
    private func registerKept(_ caller: Caller, _ id: ContextID, _ pin: PublicKey?) async throws {
        var context: Context
        var code: RecoveryCode?
        var lock = try caller.contexts.exists(id.name, kind: .kept) ? nil : caller.makingLock()
        defer { lock?.release() }
        if try caller.contexts.exists(id.name, kind: .kept) {
            lock?.release()
            lock = nil
            context = try caller.contexts.read(id)
        } else {
            let encryption = try self.encrypt ? self.encryption(caller, id) : nil
            (context, code) = try caller.create(
                id, endpoint: try caller.newEndpoint(), pin: pin, encryption: encryption)
        }
        var identity = try caller.identity(of: id)
        let api = caller.api(identity, patience: .seconds(3))
        context = try await caller.pin(id, context, api)
        let state = try await caller.finish(
            id, context, api, code: code, isPermanentRoot: false, lease: caller.lease(self.lease))
        guard state.isNew else {
            throw CommandFailure.usage(
                "there is a kept context \(id.name) already",
                hint: "go on with it: eval $(trails resume --name \(id.name)); or \"trails context rm \(id.name)\"")
        }
        identity.serverKey = context.serverPublicKey
        EvalPrinting.print(identity)
    }

    private func encryption(_ caller: Caller, _ id: ContextID) throws -> ContextStore.Encryption {
        ContextStore.Encryption(passphrase: try caller.passphrase(of: id, isNew: true))
    }

    private func registerAsChild(_ caller: Caller) async throws {
        let identity = try caller.whoAmI()
        guard let declaration = identity.enrolment?.declaration.declaration else {
            throw CommandFailure.usage("--as names somebody who is registered", hint: "leave it out")
        }
        let api = caller.api(identity, patience: .seconds(3))
        _ = try await api.register(
            self.body(identity, caller, scheduledAt: declaration.scheduledAt), enrolment: identity.enrolment,
            as: identity.credentials)
        EvalPrinting.print(identity)
    }

    private func body(_ identity: Identity, _ caller: Caller, scheduledAt: Timestamp) -> RegisterAppBody {
        RegisterAppBody(
            appID: identity.appID, parentID: identity.parentID, appName: identity.name ?? "",
            childKey: identity.key.publicKey, lease: caller.lease(self.lease), level: identity.level ?? .signed,
            scheduledAt: scheduledAt, processInfo: ThisProcess.callerInfo())
    }
}
