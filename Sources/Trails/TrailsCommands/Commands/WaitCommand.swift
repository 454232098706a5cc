import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails wait`: waits for apps to end, wherever they run.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait for apps to end, and print what they produced.",
        discussion: """
            For one app, prints its result; otherwise {"ID": RESULT, ...}. With --parent every child counts, also one \
            that has ended already; under a permanent root only children that are live. Survives restarts of the \
            server.

            Exits with 0 done, 1 error, 2 crashed, never started or lost, 3 timeout, 4 cancelled; with --all with the \
            highest of these.
            """)

    @Option(help: ArgumentHelp("The app: its id, or its first 4 digits.", valueName: "id")) var uuid: AppArgument?
    @Option(help: ArgumentHelp("Several apps, with commas between.", valueName: "id,id")) var uuids: String?
    @Option(help: ArgumentHelp("The children of this app.", valueName: "id")) var parent: AppArgument?
    @Flag(help: "The children of the selected root.") var children = false
    @Flag(help: "The first that ends, ends the wait.") var any = false
    @Flag(help: "Wait for all of them (as it is).") var all = false
    @Option(help: ArgumentHelp("For how long (no limit).", valueName: "duration")) var timeout: DurationArgument?
    @Flag(help: "Say on standard error what happens.") var progress = false
    @Flag(help: "Print all that is known of each app.") var json = false
    @OptionGroup var who: IdentityOptions

    func validate() throws {
        let given = [self.uuid != nil, self.uuids != nil, self.parent != nil, self.children].count { $0 }
        guard given == 1 else { throw ValidationError("Give one of --uuid, --uuids, --parent and --children") }
        guard !(self.any && self.all) else { throw ValidationError("--any and --all exclude each other") }
    }

    func run() async throws {
        let caller = try Caller(self.who)
        let (whom, identity) = try await self.whom(caller)
        let waiting = Waiting(for: whom, endsWithFirst: self.any)
        let api = caller.api(identity, patience: .seconds(30))
        let teller = WaitTeller(isTalkative: self.progress)
        let answer = try await self.withTimeLimit { () async throws(TrailsError) in
            try await api.wait(
                for: waiting, as: identity.credentials, serverAway: caller.patience(.seconds(600))
            ) { teller.tell($0) }
        }
        try self.show(answer)
    }

    private func whom(_ caller: Caller) async throws -> (Waiting.Whom, Identity) {
        if let parent = self.parent {
            let target = try await caller.find(parent, patience: .seconds(30))
            return (
                .children(of: target.app.appID, isPermanentRoot: target.app.isPermanentRoot), target.identity
            )
        }
        if self.children {
            let subject = try caller.subject()
            let app = try await caller.api(subject, patience: .seconds(30))
                .app(subject.appID, as: subject.credentials)
            return (.children(of: app.appID, isPermanentRoot: app.isPermanentRoot), subject)
        }
        let arguments =
            self.uuid.map { [$0] }
            ?? (self.uuids ?? "").split(separator: ",", omittingEmptySubsequences: false)
            .map { AppArgument(argument: String($0)) }
        let targets = try await self.targets(arguments, caller)
        // The key that sees all of them is that of the highest.
        let identity = targets.last { $0.identity.appID != targets[0].identity.appID } ?? targets[0]
        return (.these(targets.map(\.app.appID)), identity.identity)
    }

    private func targets(_ arguments: [AppArgument], _ caller: Caller) async throws -> [Target] {
        for argument in arguments { _ = try argument.parsed() }
        var targets: [Target] = []
        for argument in arguments { targets.append(try await caller.find(argument, patience: .seconds(30))) }
        return targets
    }

    private func withTimeLimit(
        _ work: @escaping @Sendable () async throws(TrailsError) -> Waiting
    ) async throws -> Waiting {
        guard let limit = self.timeout?.value else { return try await work() }
        return try await withThrowingTaskGroup(of: Waiting?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else {
                throw CommandFailure(3, "not all ended within \(limit.humanText)", hint: "they go on; wait again")
            }
            return answer
        }
    }

    private func show(_ answer: Waiting) throws {
        if answer.awaited.isEmpty { Output.note("there is nothing to wait for") }
        if self.uuid != nil, let outcome = answer.outcomes.values.first {
            if self.json {
                Output.line(outcome.app.json.prettyText)
            } else if outcome.exitCode == 0 {
                Output.line(outcome.result.text)
            }
        } else {
            let results = answer.awaited.compactMap { answer.outcomes[$0] }.reduce(into: JSONObject()) {
                $0[$1.app.appID.description] = self.json ? $1.app.json : $1.result
            }
            Output.line(self.json ? JSONText.pretty(results) : JSONValue.object(results).text)
        }
        if answer.exitCode != 0 { throw ExitCode(answer.exitCode) }
    }
}
