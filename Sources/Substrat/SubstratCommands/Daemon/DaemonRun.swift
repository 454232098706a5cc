import AgentCore
import AgentRuntime
import ArgumentParser
import EventLog
import Foundation
import Logging
import SubstratDaemon
import SubstratProtocol
import Vocabulary

/// `substrat daemon run`: the daemon itself, in the foreground.
struct DaemonRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the daemon in the foreground, as under systemd.",
        discussion: """
            SIGTERM or SIGINT stops it when the turns that are under way have ended, or after --grace; a second one \
            at once. What was acknowledged is kept in any case.
            """)

    @OptionGroup var options: HostingOptions
    @OptionGroup var place: PlaceOptions
    /// The descriptor on which `daemon start` waits for a line.
    @Option(help: .hidden) var readyOn: Int32?

    func run() async throws {
        umask(0o077)
        let signals = StopSignals()
        let place = self.place.place
        var options = ServerOptions()
        options.grace = self.options.grace.duration
        let daemon = Daemon(at: place, version: VersionCommand.number, options: options, logger: self.options.logger)
        let readyOn = self.readyOn
        let providers = try self.options.providers(of: place, ProcessInfo.processInfo.environment)
        do throws(DaemonError) {
            try await daemon.run(
                startedAt: HostClock.system.now(), until: { await signals.wait() },
                ready: { Self.sayReady(place, on: readyOn) },
                serving: { _ throws(DaemonError) in
                    try await HostHandler.open(place, self.options.host(at: place), providers: providers)
                })
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func sayReady(_ place: DaemonPlace, on descriptor: Int32?) {
        guard let descriptor else { return Output.line("substrat: listening on \(place.socket)") }
        let line = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try? line.write(contentsOf: Data("ready\n".utf8))
    }
}

/// With what agents are hosted.
struct HostingOptions: ParsableArguments {
    @Option(help: "How many sessions of a provider are live at a time; of scripts, eight times as many.")
    var maxSlots = 4

    @Option(help: "Who answers for agents that name no provider: scripted, llm, cursor-agent or claude.")
    var provider = "scripted"

    @Option(
        help: ArgumentHelp("Where models are asked, as https://api.example.org/v1 (SUBSTRAT_LLM).", valueName: "url"))
    var llm: String?

    @Option(
        help: ArgumentHelp("The variable that holds the key of that server (SUBSTRAT_LLM_KEY).", valueName: "variable"))
    var llmKey: String?

    @Option(help: "Which agents go on after a crash, beside those with mail: none, roots, interrupted or all.")
    var resume = ResumePolicy.interrupted

    @Flag(help: "Where no sandbox can be made (bwrap), run programs of agents with a workspace without one.")
    var allowUnsandboxed = false

    @Option(help: "How long turns have to end when the daemon is stopped.")
    var grace = TimeSpan(duration: .seconds(10))

    @Option(help: "How events are made durable: journal, append or pending.") var durability = Durability.journal

    @Option(help: "trace, debug, info, notice, warning, error or critical.") var logLevel = "notice"

    func validate() throws {
        guard self.maxSlots > 0 else { throw ValidationError("--max-slots must be 1 or more") }
        guard Logger.Level(rawValue: self.logLevel) != nil else {
            throw ValidationError("\(self.logLevel.quotedForPeople()) is no log level")
        }
    }

    var host: HostOptions {
        var host = HostOptions()
        host.slotsMax = self.maxSlots
        host.defaultProvider = self.provider
        host.durability = self.durability
        host.readers = ProcessInfo.processInfo.activeProcessorCount
        host.limits.resume = self.resume
        return host
    }

    var logger: Logger {
        var logger = Logger(label: "substrat") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: self.logLevel) ?? .notice
        return logger
    }

    /// The same, as words of a command line.
    var words: [String] {
        [
            "--max-slots", "\(self.maxSlots)", "--provider", self.provider, "--grace",
            "\(self.grace.duration.wholeMilliseconds)ms", "--resume", self.resume.rawValue, "--durability",
            self.durability.rawValue, "--log-level", self.logLevel,
        ] + (self.allowUnsandboxed ? ["--allow-unsandboxed"] : []) + (self.llm.map { ["--llm", $0] } ?? [])
            + (self.llmKey.map { ["--llm-key", $0] } ?? [])
    }
}

extension Durability: ExpressibleByArgument {}
extension ResumePolicy: ExpressibleByArgument {}
