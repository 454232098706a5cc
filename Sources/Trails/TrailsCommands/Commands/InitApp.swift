import ArgumentParser
import DurableFiles
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails init-app`: makes a permanent root, once.
struct InitApp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a permanent root: the parent of all runs of an app.",
        discussion: """
            Writes its key to ~/.trails/NAME/root.yml, durably, and then registers it. When the server is not there, \
            run it again: it finishes what was begun. The recovery code is printed once; it gives the root a new key \
            when the file is lost.
            """)

    @Argument(help: "Letters, digits, dots, underscores and hyphens.") var name: String
    @Option(
        name: .customLong("server-key"),
        help: ArgumentHelp("The server's public key; else the first that answers is trusted.", valueName: "key"))
    var serverKey: String?
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let id = ContextID(try ContextName(self.name), .root)
        let pin = try ServerPin.parse(self.serverKey)
        var context: Context
        var code: RecoveryCode?
        var lock = try caller.contexts.exists(id.name, kind: .root) ? nil : caller.makingLock()
        defer { lock?.release() }
        if try caller.contexts.exists(id.name, kind: .root) {
            lock?.release()
            lock = nil
            context = try self.existing(id, caller, pin)
        } else {
            (context, code) = try caller.create(id, endpoint: try caller.newEndpoint(), pin: pin)
        }
        let identity = try caller.identity(of: id)
        let api = caller.api(identity, patience: .seconds(3))
        context = try await caller.pin(id, context, api)
        let state = try await caller.finish(id, context, api, code: code, isPermanentRoot: true)
        Output.line(
            "\(state.isNew ? "made" : "there is already") the root \(identity.label) at \(identity.endpoint)")
        Output.line("its key is in \(caller.contexts.path(of: id))")
        if Terminal.isOutput { Output.note("hint: choose it in this shell with \"trails use \(id.name)\"") }
    }

    /// The root that is there, unless another server is asked for.
    private func existing(_ id: ContextID, _ caller: Caller, _ pin: PublicKey?) throws -> Context {
        let context = try caller.contexts.read(id)
        if let asked = self.who.server {
            let old = try? ServerEndpoint(context.server)
            let new = try caller.newEndpoint()
            guard old == new else {
                throw CommandFailure.usage(
                    "the root \(id.name) belongs to the server \(context.server), not \(asked)",
                    hint: "choose another name, or edit server_ep in \(caller.contexts.path(of: id))")
            }
        }
        guard pin == nil || context.serverPublicKey == nil || pin == context.serverPublicKey else {
            throw CommandFailure(
                77, "the root \(id.name) trusts another server key", hint: "change it with \"trails context pin\"")
        }
        guard let pin, context.serverPublicKey == nil else { return context }
        return try caller.contexts.update(id) { $0.serverPublicKey = pin }
    }
}

enum ServerPin {
    /// Reads `--server-key`.
    static func parse(_ text: String?) throws -> PublicKey? {
        guard let text else { return nil }
        guard let key = PublicKey(text) else {
            throw CommandFailure.usage("--server-key is not a public key", hint: "write it ed25519:BASE64")
        }
        return key
    }
}
