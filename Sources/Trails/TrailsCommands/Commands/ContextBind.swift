import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails context bind`: lets a key be used from some addresses only.
struct ContextBind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bind",
        abstract: "Let the key of a context be used from some addresses only.",
        discussion: """
            The ranges replace those of before, must lie within them, and must hold the address from which you are \
            calling, as the server sees it: so a thief can neither open the key up nor lock you out. Wider again makes \
            it only the server's administrator: "trails admin bind".
            """)

    @Argument(help: "The name.") var name: String
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("From where, as 10.1.0.0/16 or 192.0.2.7; one or more.", valueName: "range"))
    var cidr: [AddressRangeArgument]
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let id = try caller.contexts.find(ContextName(self.name), kind: self.who.kind)
        let identity = try caller.identity(of: id)
        _ = try await caller.api(identity, patience: .seconds(5))
            .bind(identity.appID, to: self.cidr.map(\.value), as: identity.credentials)
        Output.line("the key of \(identity.label) may be used from \(self.cidr.text)")
    }
}

/// `trails admin bind`: the same for any app, and wider too.
struct AdminBind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bind", abstract: "Say from where the key of an app may be used.")

    @OptionGroup var admin: AdminOptions
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("From where, as 10.1.0.0/16 or 192.0.2.7; none at all: from anywhere.", valueName: "range"))
    var cidr: [AddressRangeArgument] = []
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let api = caller.api(at: try caller.newEndpoint(), key: nil, patience: .seconds(5))
        let app = try await api.bind(
            self.admin.appID(), to: self.cidr.map(\.value), as: self.admin.credentials())
        Output.line(
            "the key of \(app.appName.shownToPeople()) (\(app.appID.short)) may be used from \(self.cidr.text)")
    }
}

/// A range of addresses as people give it.
struct AddressRangeArgument: ExpressibleByArgument, Hashable {
    let value: AddressRange

    init?(argument: String) {
        guard let value = AddressRange(argument) else { return nil }
        self.value = value
    }
}

extension [AddressRangeArgument] {
    /// For messages.
    fileprivate var text: String {
        self.isEmpty ? "anywhere" : self.map(\.value.description).joined(separator: ", ")
    }
}
