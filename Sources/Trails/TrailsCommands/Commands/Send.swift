import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails send`: gives an app a command.
struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give an app a command, as pause or set-rate.",
        discussion: """
            The command is kept until the app has answered, or its time is over. With --wait the answer is printed; \
            without, the correlation id. Exits with 0 when all answered well, 1 when one did not, 3 when one did not \
            answer in time.
            """)

    @Argument(help: ArgumentHelp("The app: its id, or its first 4 digits.", valueName: "id")) var uuid: AppArgument
    @Argument(help: "The action; what it means is between you and the app.") var action: String
    @Option(help: ArgumentHelp("What goes with it.", valueName: "json")) var payload: String?
    @Flag(help: "Also to everything below the app.") var cascade = false
    @Option(help: ArgumentHelp("With --cascade: only to apps with these tags.", valueName: "json")) var filter: String?
    @Option(help: ArgumentHelp("Wait so long for answers.", valueName: "duration")) var wait: DurationArgument?
    @Option(help: ArgumentHelp("How long the command is kept (1h).", valueName: "duration")) var ttl: DurationArgument?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var who: IdentityOptions

    func validate() throws {
        guard self.filter == nil || self.cascade else { throw ValidationError("--filter belongs to --cascade") }
    }

    func run() async throws {
        let payload = try self.payload.map { try JSONArgument.value($0, called: "the payload") }
        let filter = try self.filter.map { try JSONArgument.value($0, called: "the filter") }
        guard filter == nil || filter?.object != nil else {
            throw CommandFailure.usage("the filter is no JSON object", hint: "write '{\"device_type\":\"x\"}'")
        }
        let caller = try Caller(self.who)
        let target = try await caller.find(self.uuid, for: .commanding, patience: .seconds(5))
        var dice = SystemRandomNumberGenerator()
        let now = Timestamp.now()
        let command = IssuedCommand(
            target: target.app.appID, scope: self.cascade ? .subtree : .node, filter: filter?.object,
            action: self.action, correlationID: .random(using: &dice), payload: payload ?? .object([:]), issuedAt: now,
            expiresAt: now + (self.ttl?.value ?? .seconds(3_600)))
        let api = caller.api(target.identity, patience: .seconds(5))
        let answer = try await api.control(
            command, timeToLive: self.ttl?.value, wait: self.wait?.value, as: target.identity.credentials)
        try self.show(answer)
    }

    private func show(_ answer: ControlView) throws {
        if self.json {
            Output.line(answer.json.prettyText)
        } else if self.wait == nil {
            Output.line(answer.correlationID.description)
            Output.note("queued for \(answer.queued ?? 0) \(answer.queued == 1 ? "app" : "apps")")
        } else {
            for entry in answer.answers { self.show(entry, isOne: !self.cascade) }
        }
        if answer.answers.contains(where: { $0.outcome == .failed || $0.outcome == .unknownAction }) {
            throw ExitCode(1)
        }
        guard self.wait != nil else { return }
        if let pending = answer.pending, pending > 0 {
            throw CommandFailure(
                3, "\(pending) \(pending == 1 ? "app has" : "apps have") not answered in time",
                hint: "the command is kept until its time is over")
        }
        if answer.answers.contains(where: { $0.outcome == .expired }) { throw ExitCode(3) }
    }

    private func show(_ entry: ControlView.Answer, isOne: Bool) {
        let result = entry.result ?? .null
        if entry.outcome == .done {
            Output.line(isOne ? result.text : "\(entry.appID)  \(result.text)")
        } else {
            let why = entry.error.map { ": \($0.shownToPeople())" } ?? ""
            Output.note("\(entry.appID.short) answered \(entry.outcome.rawValue.replacing("_", with: " "))\(why)")
        }
    }
}
