import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsWire
import Vocabulary

/// `trails whoami`: in whose name commands act here. Asks no server.
struct WhoAmI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Say in whose name commands act here, and why.")

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var who: IdentityOptions

    func run() throws {
        let caller = try Caller(self.who)
        let identity = try caller.whoAmI()
        let subject = try caller.subject()
        var facts: [(String, String)] = [
            ("app", identity.name?.shownToPeople() ?? "(its name is on the server)"),
            ("id", identity.appID.description), ("key", identity.key.publicKey.description),
            ("server", identity.endpoint.webSocketURL),
            ("server key", identity.serverKey?.description ?? "not known yet"), ("from", identity.originText),
        ]
        if subject.appID != identity.appID { facts.append(("root", "\(subject.label), from \(subject.originText)")) }
        guard self.json else {
            for (name, value) in facts {
                Output.line("\(name):".padded(to: 12) + value)
            }
            return
        }
        Output.line(
            JSONValue.object([
                "appId": .string(identity.appID.description), "appName": identity.name.map { .string($0) } ?? .null,
                "pubKey": .string(identity.key.publicKey.description),
                "serverEp": .string(identity.endpoint.webSocketURL),
                "serverPubKey": identity.serverKey.map { .string($0.description) } ?? .null,
                "from": .string(identity.originText), "root": .string(subject.appID.description),
            ]).prettyText)
    }
}

extension String {
    /// With spaces after it, at least `width` characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - self.count)) }
}
