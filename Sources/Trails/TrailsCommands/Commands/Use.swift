import ArgumentParser
import TrailsContexts
import TrailsWire
import Vocabulary

/// `trails use`: chooses the root of this shell session.
struct Use: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Choose the root that this shell session works under.",
        discussion: """
            No eval is needed: the choice is kept for the shell (or script) that called, and does not disturb others. \
            A "use" that fails leaves nothing chosen. With --export the key itself goes to the shell: \
            eval $(trails use NAME --export).
            """)

    @Argument(help: "The name that init-app was given.") var name: String
    @Flag(help: "Print lines for eval instead, the root's private key among them.") var export = false
    @Flag(help: "With --export: print the key even to a terminal.") var print = false
    @OptionGroup var who: IdentityOptions

    func run() throws {
        let caller = try Caller(self.who)
        if self.export {
            try EvalPrinting.check(isForced: self.print)
            let name = try ContextName(self.name)
            let identity = try caller.identity(of: caller.contexts.find(name, kind: self.who.kind ?? .root))
            EvalPrinting.print(identity)
            return
        }
        let context = try caller.sessions.use(self.name, kind: self.who.kind ?? .root, from: caller.contexts)
        if Terminal.isError { Output.note("using \(context.appName) (\(context.appID.short)) at \(context.server)") }
    }
}

/// Printing a key for a shell to evaluate.
enum EvalPrinting {
    /// Refuses to show a private key to whoever looks at the screen.
    static func check(isForced: Bool) throws {
        guard isForced || !Terminal.isOutput else {
            throw CommandFailure.usage(
                "this prints a private key, and standard output is a terminal",
                hint: "write eval $(trails ...), or add --print")
        }
    }

    static func print(_ identity: Identity, isRun: Bool = false) {
        var variables: [(name: String, value: String)] = [("TRAILS_APP_ID", identity.appID.description)]
        if isRun { variables.append(("TRAILS_CHILD_ID", identity.appID.description)) }
        variables.append(("TRAILS_SERVER", identity.endpoint.webSocketURL))
        if let key = identity.serverKey { variables.append(("TRAILS_SERVER_KEY", key.description)) }
        variables.append(("TRAILS_PRIVATE_KEY", identity.key.secretText))
        Output.line(EvalOutput.exports(variables))
    }
}
