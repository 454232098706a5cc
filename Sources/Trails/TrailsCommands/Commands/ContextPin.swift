import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsWire
import Vocabulary

/// `trails context pin`: trusts another key of the server.
struct ContextPin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Trust the server's present key from now on.",
        discussion: """
            For when the server's key was changed on purpose. Compare the new key with what the server's operator \
            says: whoever answers with a false one could read and forge everything that is sent.
            """)

    @Argument(help: "The name.") var name: String
    @Option(
        name: .customLong("server-key"),
        help: ArgumentHelp("The key to trust; else the one that the server shows now.", valueName: "key"))
    var serverKey: String?
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let id = try caller.contexts.find(ContextName(self.name), kind: self.who.kind)
        let context = try caller.contexts.read(id)
        let key = try await self.newKey(context, caller)
        guard key != context.serverPublicKey else {
            return Output.line("the \(id) trusts \(key) already")
        }
        let old = context.serverPublicKey?.description ?? "none"
        Output.aside("old key: \(old)\nnew key: \(key)\n")
        guard self.yes || self.serverKey != nil || (Terminal.isInput && Terminal.confirms("Trust the new key?")) else {
            throw CommandFailure.usage(
                "the key was not changed", hint: "name the key with --server-key, or say --yes")
        }
        let passphrase = try context.isEncrypted ? caller.passphrase(of: id) : nil
        try caller.contexts.update(id, passphrase: passphrase) { $0.serverPublicKey = key }
        Output.line("the \(id) trusts \(key)")
    }

    private func newKey(_ context: Context, _ caller: Caller) async throws -> PublicKey {
        if let key = try ServerPin.parse(self.serverKey) { return key }
        let endpoint = try ServerChoice.endpoint(
            option: self.who.server, environment: [:], own: context.server, isOwnFirst: false, config: nil)
        return try await caller.api(at: endpoint, key: nil).server().serverKey
    }
}
