import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails context rekey`: gives an app a new key, and keeps its id and children.
struct ContextRekey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekey",
        abstract: "Give the app of a context a new key.",
        discussion: """
            Proven by an ancestor whose key is at hand, else by the recovery code, which is asked for on the terminal \
            or read from standard input. When the file is lost too, --uuid says which app it was; the file is then \
            made anew. When this fails halfway, run it again: the proof stays good.
            """)

    @Argument(help: "The name of the context.") var name: String
    @Option(help: ArgumentHelp("The app, where the file is lost.", valueName: "id")) var uuid: String?
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let name = try ContextName(self.name)
        guard let uuid = self.uuid else {
            let id = try caller.contexts.find(name, kind: self.who.kind)
            return try await self.replaceKey(of: id, caller)
        }
        guard let appID = AppID(uuid) else {
            throw CommandFailure.usage("--uuid takes a whole id here", hint: "it is 36 characters long")
        }
        let id = ContextID(name, self.who.kind ?? .root)
        try await caller.adopt(appID, as: id) { try await self.rekey(appID, $0, $1, caller) }
    }

    private func replaceKey(of id: ContextID, _ caller: Caller) async throws {
        let context = try caller.contexts.read(id)
        let endpoint = try ServerChoice.endpoint(
            option: self.who.server, environment: [:], own: context.server, isOwnFirst: false, config: nil)
        let api = caller.api(at: endpoint, key: context.serverPublicKey, patience: .seconds(5))
        let passphrase = try context.isEncrypted ? caller.passphrase(of: id) : nil
        let seed = PrivateSeed.random()
        let app = try await self.rekey(context.appID, seed, api, caller)
        try caller.contexts.update(id, passphrase: passphrase) { context in
            context.privateKey = seed
            context.publicKey = seed.publicKey
        }
        Output.line(
            "\(app.appName.shownToPeople()) (\(app.appID.short)) has a new key, in \(caller.contexts.path(of: id))")
    }

    /// By an ancestor at hand, else by the recovery code.
    private func rekey(
        _ appID: AppID, _ seed: PrivateSeed, _ api: TrailsAPI, _ caller: Caller
    ) async throws -> AppView {
        guard let key = SigningKey(seed: seed.bytes) else { preconditionFailure("a seed is no key") }
        for ancestor in (try? caller.held()) ?? [] where ancestor.appID != appID {
            do throws(TrailsError) {
                return try await api.rekey(appID, to: key, as: ancestor.credentials)
            } catch {
                guard error.code == .notAuthorized || error.code == .unknownApp else { throw error }
            }
        }
        let typed = Terminal.secret("Recovery code:") ?? Terminal.line(fromDescriptor: 0)
        guard let typed, let code = RecoveryCode(typed) else {
            throw CommandFailure.usage(
                "that is no recovery code",
                hint: "it is eight groups of four characters, printed by \"trails init-app\"")
        }
        return try await api.rekey(appID, to: key, as: Credentials(app: appID, key: code.key))
    }
}

extension Caller {
    /// Makes a context for an app whose file is lost: `rekey` gives the app the new key.
    func adopt(
        _ appID: AppID, as id: ContextID, rekey: (PrivateSeed, TrailsAPI) async throws -> AppView
    ) async throws {
        guard try !self.contexts.exists(id.name, kind: id.kind) else {
            throw CommandFailure.usage("there is a \(id) already", hint: "choose another name, or remove it first")
        }
        let endpoint = try self.newEndpoint()
        let api = self.api(at: endpoint, key: nil, patience: .seconds(5))
        let serverKey = try await api.serverKey()
        Output.note("trusting the server \(endpoint) with the key \(serverKey)")
        let seed = PrivateSeed.random()
        let app = try await rekey(seed, api)
        try self.contexts.create(
            Context(
                appID: appID, appName: app.appName, server: endpoint.webSocketURL, privateKey: seed,
                startDay: Int(app.startDay), createdAt: app.scheduledAt, serverPublicKey: serverKey,
                securityLevel: Context.SecurityLevel(app.level)),
            as: id)
        Output.line("\(app.appName.shownToPeople()) (\(appID.short)) has a new key, in \(self.contexts.path(of: id))")
    }
}
