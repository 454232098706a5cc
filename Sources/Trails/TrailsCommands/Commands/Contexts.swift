import ArgumentParser
import TrailsContexts
import Vocabulary

/// `trails contexts`: the roots and kept parents of this user.
struct Contexts: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the contexts: roots and kept parents.")

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var who: IdentityOptions

    func run() throws {
        let caller = try Caller(self.who)
        let listed = try caller.contexts.list().filter { self.who.kind == nil || $0.id.kind == self.who.kind }
        if self.json {
            return Output.line(JSONValue.array(listed.map(ContextLine.json)).prettyText)
        }
        if listed.isEmpty { Output.note("no contexts in \(caller.home); make a root with \"trails init-app NAME\"") }
        let width = listed.map(\.id.name.text.count).max() ?? 0
        for entry in listed { Output.line("  " + ContextLine.text(entry, width: width)) }
    }
}

/// How a context looks in a list.
enum ContextLine {
    /// `nightly-etl    (550e8400) created 2025-02-25 22:00  3 children`
    static func text(_ listed: ContextStore.Listed, width: Int) -> String {
        let name = listed.id.name.text.padded(to: width)
        switch listed.content {
        case .failure(let error): return "\(name)  (\(listed.id.kind.rawValue)) cannot be read: \(error.message)"
        case .success(let context):
            let count = context.children.count
            let children = listed.id.kind == .root ? "root" : count == 1 ? "1 child" : "\(count) children"
            let lock = context.isEncrypted ? "  encrypted" : ""
            return
                "\(name)  (\(context.appID.short)) created \(LocalTime.minute(context.createdAt))  \(children)\(lock)"
        }
    }

    static func json(_ listed: ContextStore.Listed) -> JSONValue {
        let base: JSONObject = ["name": .string(listed.id.name.text), "kind": .string(listed.id.kind.rawValue)]
        switch listed.content {
        case .failure(let error):
            var object = base
            object["error"] = .string(error.message)
            return .object(object)
        case .success(let context): return .object(self.merged(base, self.facts(context)))
        }
    }

    /// All but the private key.
    static func facts(_ context: Context) -> JSONObject {
        [
            "appId": .string(context.appID.description), "appName": .string(context.appName),
            "serverEp": .string(context.server), "pubKey": .string(context.publicKey.description),
            "serverPubKey": context.serverPublicKey.map { .string($0.description) } ?? .null,
            "secLevel": .string(context.securityLevel.rawValue), "startDay": .integer(Int64(context.startDay)),
            "createdAt": .integer(context.createdAt.milliseconds), "encrypted": .bool(context.isEncrypted),
            "children": .array(
                context.children.map {
                    .object(["appId": .string($0.appID.description), "appName": .string($0.appName)])
                }),
        ]
    }

    private static func merged(_ first: JSONObject, _ second: JSONObject) -> JSONObject {
        second.reduce(into: first) { $0[$1.key] = $1.value }
    }
}
