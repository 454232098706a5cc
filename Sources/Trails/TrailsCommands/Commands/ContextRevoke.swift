import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsWire

/// `trails context revoke`: makes a stolen key useless. The children go on.
struct ContextRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Make the key of a context useless, as after a theft.",
        discussion: """
            Every connection that uses the key is closed, and it is never accepted again. The children go on; \
            "trails context rekey" gives the app a new key.
            """)

    @Argument(help: "The name.") var name: String
    @Option(help: "Why; kept in the record.") var reason: String?
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let id = try caller.contexts.find(ContextName(self.name), kind: self.who.kind)
        let identity = try caller.identity(of: id)
        _ = try await caller.api(identity, patience: .seconds(5))
            .revoke(identity.appID, reason: self.reason, as: identity.credentials)
        Output.line("the key of \(identity.label) is revoked")
        Output.note("hint: take control again with \"trails context rekey \(id.name)\" and the recovery code")
    }
}
