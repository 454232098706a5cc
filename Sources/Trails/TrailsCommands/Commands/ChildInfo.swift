import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails child-info`: declares a child, and prints the TRAILS_INFO that makes a process that child.
struct ChildInfo: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case info, env, json
    }

    static let configuration = CommandConfiguration(
        abstract: "Declare a child and print its TRAILS_INFO.",
        discussion: """
            It is printed once the server has the declaration on disk; when that fails, nothing is printed. Whoever \
            has it is the child: hand it over as a secret.
            """)

    @Option(help: "What the child is called.") var name: String
    @Option(help: ArgumentHelp("A label, to find it by; may be repeated.", valueName: "key=value"))
    var tag: [TagArgument] = []
    @Option(name: .customLong("role-ref"), help: ArgumentHelp("A role reference; may be repeated.", valueName: "role"))
    var roleRef: [String] = []
    @Option(
        name: .customLong("start-deadline"),
        help: ArgumentHelp("When it must have registered (5m).", valueName: "duration"))
    var startDeadline: DurationArgument?
    @Option(help: "info; env (CHILD_APP_ID and TRAILS_INFO lines); json.") var format = Format.info
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        var parent = try caller.whoAmI()
        let api = caller.api(parent, patience: .seconds(5))
        parent = try await caller.complete(parent, api)
        guard let level = parent.level, let serverKey = parent.serverKey else {
            preconditionFailure("\(parent.appID) has no level or server after it was completed")
        }
        let child = try NewChild(
            self.name, of: parent, level: level, serverKey: serverKey, tags: self.tag.object, roleRefs: self.roleRef,
            startDeadline: self.startDeadline?.value)
        try await child.declare(api)
        caller.note(child)
        switch self.format {
        case .info: Output.line(child.info.text)
        case .env: Output.line("CHILD_APP_ID=\(child.appID)\nTRAILS_INFO=\(child.info.text)")
        case .json:
            Output.line(
                JSONValue.object([
                    "appId": .string(child.appID.description), "appName": .string(child.name),
                    "trailsInfo": .string(child.info.text),
                ]).prettyText)
        }
    }
}

extension Caller {
    /// Notes a declared child in the context file of its parent, if it has one. The tree itself is on the server.
    func note(_ child: NewChild) {
        do {
            guard let id = try self.context(of: child.parent) else { return }
            try self.contexts.addChild(.init(appID: child.appID, appName: child.name), to: id)
        } catch {
            Output.warn("child \(child.appID.short) is not noted in the context file: \(error)")
        }
    }

    private func context(of identity: Identity) throws -> ContextID? {
        switch identity.origin {
        case .context(let id): id
        case .environment:
            try self.contexts.list().first { listed in
                if case .success(let context) = listed.content { context.appID == identity.appID } else { false }
            }?.id
        case .file, .info: nil
        }
    }
}
