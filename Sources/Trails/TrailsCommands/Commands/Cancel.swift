import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails cancel`: ends an app, and with --cascade all below it.
struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancel an app, or with --cascade a whole tree.",
        discussion: """
            Bottom-up: the deepest level first, and each has its time to clean up before it counts as killed by force. \
            Without --uuid, --cascade takes everything under the selected root; the root itself stays. On a terminal \
            it shows what would end, and asks.
            """)

    @Option(help: ArgumentHelp("The app: its id, or its first 4 digits.", valueName: "id")) var uuid: AppArgument?
    @Flag(help: "Also everything below it.") var cascade = false
    @Option(help: "Why; told to each app.") var reason: String?
    @Option(help: ArgumentHelp("How long each level has (30s).", valueName: "duration")) var grace: DurationArgument?
    @Flag(help: "Do not ask.") var yes = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var who: IdentityOptions

    func validate() throws {
        guard self.uuid != nil || self.cascade else {
            throw ValidationError("Give --uuid ID, or --cascade for everything under the root")
        }
    }

    func run() async throws {
        let caller = try Caller(self.who)
        let (top, identity) = try await self.top(caller)
        let api = caller.api(identity, patience: .seconds(5))
        if !self.yes, Terminal.isInput, Terminal.isError {
            try await self.confirm(top, identity, api, caller)
        }
        var dice = SystemRandomNumberGenerator()
        var cascade = try await api.cancel(
            top, cascade: self.cascade, cascadeID: .random(using: &dice), reason: self.reason,
            grace: self.grace?.value, as: identity.credentials)
        let meter = CascadeMeter(isTerminal: Terminal.isError)
        meter.show(cascade)
        var pause = Duration.milliseconds(50)
        while cascade.state == .running {
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
            var patient = api
            patient.patience = .seconds(120)
            cascade = try await patient.cascade(cascade.cascadeID, as: identity.credentials)
            meter.show(cascade)
        }
        meter.end(cascade)
        if self.json { Output.line(cascade.json.prettyText) }
    }

    private func top(_ caller: Caller) async throws -> (AppID, Identity) {
        guard let uuid = self.uuid else {
            let subject = try caller.subject()
            return (subject.appID, subject)
        }
        let target = try await caller.find(uuid, for: .commanding, patience: .seconds(5))
        return (target.app.appID, target.identity)
    }

    /// Shows what would end, and asks.
    private func confirm(_ top: AppID, _ identity: Identity, _ api: TrailsAPI, _ caller: Caller) async throws {
        let apps =
            self.cascade
            ? try await api.subtree(of: top, as: identity.credentials)
            : [try await api.app(top, as: identity.credentials)]
        let count = apps.count { $0.status.isLive && !$0.isPermanentRoot }
        guard count > 0 else {
            Output.note("nothing there is live")
            throw ExitCode(0)
        }
        Output.aside(TreeDrawing(line: AppLine(paint: caller.paint()), onlyLive: true).draw(top, of: apps))
        guard Terminal.confirms("Cancel \(count == 1 ? "this app" : "these \(count) apps")?") else {
            throw CommandFailure.usage("nothing was cancelled", hint: "say --yes to go ahead without the question")
        }
    }
}

/// How far a cancel has come, on standard error: one line that changes on a terminal, elsewhere only the end.
struct CascadeMeter {
    let isTerminal: Bool

    func show(_ cascade: CascadeView) {
        guard self.isTerminal, cascade.state == .running else { return }
        Output.aside("\r\u{1B}[Ktrails: level \(cascade.level) of \(cascade.levels), \(Self.counts(cascade))")
    }

    func end(_ cascade: CascadeView) {
        if self.isTerminal { Output.aside("\r\u{1B}[K") }
        Output.note(cascade.total == 0 ? "nothing there was live" : Self.counts(cascade))
    }

    /// `3 of 5 cancelled, 1 pending, 1 killed by force`
    static func counts(_ cascade: CascadeView) -> String {
        var parts = ["\(cascade.cancelled) of \(cascade.total) cancelled"]
        if cascade.pending > 0 { parts.append("\(cascade.pending) pending") }
        if cascade.forceKilled > 0 { parts.append("\(cascade.forceKilled) did not answer in time") }
        if cascade.lost > 0 { parts.append("\(cascade.lost) lost") }
        return parts.joined(separator: ", ")
    }
}
