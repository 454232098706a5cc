import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails run`: a run under the selected root, whose key lives in this shell only.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a run under the selected root: eval $(trails run --name NAME).",
        discussion: """
            Registers a child of the root, and prints what makes this shell that child: TRAILS_CHILD_ID, \
            TRAILS_APP_ID, TRAILS_SERVER, TRAILS_SERVER_KEY and TRAILS_PRIVATE_KEY. No file is written. The run is \
            live until it reports a result or an error, says "trails shutdown", or its lease ends.

            With "-- CMD ..." the program CMD is the run, and nothing is printed for eval.
            """)

    @Option(help: "What the run is called.") var name: String
    @Option(help: ArgumentHelp("How long it may be silent (24h).", valueName: "duration")) var lease: DurationArgument?
    @Flag(help: "Print the key even to a terminal.") var print = false
    @OptionGroup var who: IdentityOptions
    @Argument(parsing: .postTerminator, help: "A program to run as the run, after --; see \"trails exec --help\".")
    var command: [String] = []

    func validate() throws {
        if self.lease != nil, !self.command.isEmpty { throw ValidationError("--lease is for a run without a program") }
    }

    func run() async throws {
        if !self.command.isEmpty {
            let caller = try Caller(self.who)
            let root = try caller.subject()
            throw ExitCode(try await caller.work(self.name, under: root.appID, by: root, self.command))
        }
        try EvalPrinting.check(isForced: self.print)
        let caller = try Caller(self.who)
        var root = try caller.subject()
        let api = caller.api(root, patience: .seconds(3))
        root = try await caller.complete(root, api)
        guard let level = root.level, let serverKey = root.serverKey else {
            preconditionFailure("\(root.appID) has no level or server after it was completed")
        }
        let child = try NewChild(self.name, of: root, level: level, serverKey: serverKey)
        var dice = SystemRandomNumberGenerator()
        let identity = Identity(
            origin: .environment, appID: child.appID, key: .random(using: &dice), name: self.name,
            parentID: root.appID, endpoint: root.endpoint, serverKey: serverKey, level: level)
        _ = try await api.register(
            RegisterAppBody(
                appID: child.appID, parentID: root.appID, appName: self.name, childKey: identity.key.publicKey,
                lease: caller.lease(self.lease), level: level, scheduledAt: child.declaration.scheduledAt,
                processInfo: ThisProcess.callerInfo()),
            enrolment: child.enrolment, as: identity.credentials)
        EvalPrinting.print(identity, isRun: true)
    }
}
