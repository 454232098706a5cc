import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails tree`: draws an app and all below it.
struct TreeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree", abstract: "Draw the tree under the selected root, or under an app.")

    @Option(help: ArgumentHelp("The app at the top: its id, or its first 4 digits.", valueName: "id"))
    var uuid: AppArgument?
    @Flag(help: "Only branches in which something is live.") var running = false
    @Flag(help: "Draw it again at every change.") var watch = false
    @Flag(help: "Print JSON: all apps, each with its parentId.") var json = false
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let (top, identity) = try await caller.top(self.uuid)
        guard self.watch else {
            let api = caller.api(identity, patience: .seconds(2))
            return self.show(try await api.subtree(of: top, as: identity.credentials), top, caller)
        }
        try await self.follow(top, identity, caller)
    }

    private func show(_ apps: [AppView], _ top: AppID, _ caller: Caller) {
        guard !self.json else { return Output.line(JSONText.pretty(apps)) }
        let drawing = TreeDrawing(line: AppLine(paint: caller.paint()), onlyLive: self.running)
        Output.text(drawing.draw(top, of: apps))
    }

    /// Reads the tree once, and changes it as the events say.
    private func follow(_ top: AppID, _ identity: Identity, _ caller: Caller) async throws {
        let api = caller.api(identity, patience: .seconds(2))
        var apps: [AppID: AppView] = [:]
        var isCaughtUp = false
        try await Watch(api, .subtree(top), as: identity.credentials, patience: caller.patience(.seconds(600))).run {
            (item) async throws(TrailsError) in
            switch item {
            case .live:
                apps = Dictionary(
                    try await api.subtree(of: top, as: identity.credentials).map { ($0.appID, $0) },
                    uniquingKeysWith: { $1 })
                isCaughtUp = true
            case .event(let event): apps[event.appID] = event.view(after: apps[event.appID])
            case .interrupted(let error): Output.note("waiting for the server: \(error.message)")
            }
            if isCaughtUp { self.redraw(Array(apps.values), top, caller) }
            return .goOn
        }
    }

    private func redraw(_ apps: [AppView], _ top: AppID, _ caller: Caller) {
        // Home, then clear what is below: less flicker than clearing first.
        if Terminal.isOutput, !self.json { Output.text("\u{1B}[H\u{1B}[J") }
        self.show(apps, top, caller)
        if !Terminal.isOutput { Output.line("") }
    }
}

extension Caller {
    /// The app at the top of what a command shows, and the key that sees it.
    func top(_ uuid: AppArgument?) async throws -> (AppID, Identity) {
        guard let uuid else {
            let subject = try self.subject()
            return (subject.appID, subject)
        }
        let target = try await self.find(uuid, patience: .seconds(2))
        return (target.app.appID, target.identity)
    }
}
