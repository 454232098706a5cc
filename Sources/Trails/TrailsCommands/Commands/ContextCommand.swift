import ArgumentParser
import TrailsContexts
import Vocabulary

/// `trails context …`: one context file.
struct ContextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Look after context files.",
        discussion: """
            A root and a kept context may have the same name: then say --root or --kept. "exists" and "rm" mean the \
            kept one unless told otherwise, so that a script never takes a root away.
            """,
        subcommands: [
            ContextExists.self, ContextShow.self, ContextRemove.self, ContextPrune.self, ContextPin.self,
            ContextBind.self, ContextRevoke.self, ContextRekey.self,
        ])
}

/// `trails context exists`: exit code 0 or 1.
struct ContextExists: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exists",
        abstract: "Exit with 0 if there is such a kept context (with --root: root), else with 1. Asks no server.")

    @Argument(help: "The name.") var name: String
    @OptionGroup var who: IdentityOptions

    func run() throws {
        let caller = try Caller(self.who)
        let isThere = try caller.contexts.exists(ContextName(self.name), kind: self.who.kind ?? .kept)
        if !isThere { throw ExitCode(1) }
    }
}

/// `trails context show`: what is in the file, but for the private key.
struct ContextShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a context, without its private key.")

    @Argument(help: "The name.") var name: String
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var who: IdentityOptions

    func run() throws {
        let caller = try Caller(self.who)
        let id = try caller.contexts.find(ContextName(self.name), kind: self.who.kind)
        let facts = ContextLine.facts(try caller.contexts.read(id))
        if self.json { return Output.line(JSONText.pretty(facts)) }
        Output.line("\("file".padded(to: 14))\(caller.contexts.path(of: id))")
        for (name, value) in facts where name != "children" {
            let text = name == "createdAt" ? value.integer.map(LocalTime.minute(milliseconds:)) : value.string
            Output.line("\(name.padded(to: 14))\(text?.shownToPeople() ?? value.text)")
        }
        for child in facts["children"]?.array ?? [] {
            let childName = child["appName"]?.string?.shownToPeople() ?? ""
            Output.line("\("child".padded(to: 14))\(childName) (\(child["appId"]?.string ?? ""))")
        }
    }
}
