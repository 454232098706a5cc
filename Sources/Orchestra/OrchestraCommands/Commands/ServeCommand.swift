import ArgumentParser
import Dispatch
import DurableFiles
import Foundation
import Logging
import PipelineCore
import PipelineRuntime
import PipelineServer
import ServiceLifecycle
import Synchronization
import TurnStoreSQLite
import UnixSignals
import Vocabulary
import WebTransport

/// `orchestra serve`: pipelines over HTTP.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run pipelines that are asked for over HTTP.",
        discussion: """
            Every request that changes something shows the token, which is made at the first start in a file that only \
            this user can read: Authorization: Bearer TOKEN. Whoever has it can run any command as this user. Beyond \
            loopback, reading takes it too; there is no TLS, so put a proxy in front that has it.

            SIGTERM and Ctrl-C let nothing new begin, and pause every run at its next boundary; after --deadline, or \
            at a second signal, the nodes at work are stopped, and a third ends at once. The next server goes on with \
            what this one has paused so, unless --no-resume is given; "orchestra resume" does in each case.
            """)

    @Option(help: "Where to listen: an address and a port, or a port.") var listen = "127.0.0.1:9080"
    @Option(name: .customLong("name"), help: "A name this server answers to besides its address (repeatable).")
    var names: [String] = []
    @Option(help: "The file with the token (default: ~/.orchestra/serve.token).", completion: .file())
    var tokenFile: String?
    @Flag(help: "Reading takes the token too.") var `private` = false
    @Option(help: "Runs at once.") var maxRuns = 64
    @Option(help: "Where the commands of pipelines run (default: here).", completion: .directory)
    var directory: String?
    @Option(help: "From a request to stop until the nodes at work are stopped.") var deadline: TimeLength = "10s"
    @Flag(help: "Leave the sessions that the server before has paused when it ended as they are.") var noResume = false
    @OptionGroup var agents: AgentOptions
    @Flag(help: "Say yes to every question; take the first choice.") var autoApprove = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let options = try self.options()
        let settings = try self.store.config.settings(near: self.directory?.absolutePath)
        let staff = try Staff(self.agents, settings)
        let store = try self.store.open(by: settings)
        defer { store.close() }
        let tokenFile = self.tokenFile?.absolutePath ?? "\(StoreOptions.home)/serve.token"
        let token: AccessToken
        do {
            token = try AccessToken.at(tokenFile, on: POSIXFileSystem())
        } catch {
            throw CommandFailure.refused("the token cannot be used: \(error.message)", hint: error.hint)
        }
        var logger = Logger(label: "orchestra") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let server = OrchestraServer(
            options: options, store: store, token: token, kit: self.makeKit(staff),
            draw: { try await Graphviz.draw($0, as: "svg") }, logger: logger
        ) { port in
            let host = options.host.contains(":") ? "[\(options.host)]" : options.host
            Output.line("orchestra: listening on http://\(host):\(port), token in \(tokenFile)")
        }
        try await self.serve(server, logger)
    }

    private func serve(_ server: OrchestraServer, _ logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: Serving(server: server), successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint, .sighup], logger: logger)
        // The nodes at work are stopped after the deadline, and killed 5 s later.
        configuration.maximumGracefulShutdownDuration = self.deadline.length + .seconds(30)
        let impatience = Impatience(server)
        let sources = impatience.listen()
        defer { for source in sources { source.cancel() } }
        configuration.maximumCancellationDuration = .seconds(5)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as WebServerError {
            throw CommandFailure.refused(error.shortDescription, hint: error.hint)
        }
    }

    private func options() throws -> ServerOptions {
        var options = ServerOptions()
        let parts = self.listen.split(separator: ":", omittingEmptySubsequences: false)
        guard let port = parts.last.flatMap({ UInt16($0) }) else {
            throw CommandFailure.usage(
                "\(self.listen.quotedForPeople()) is no place to listen", hint: "write it like 127.0.0.1:9080 or 9080")
        }
        options.port = Int(port)
        let host = parts.dropLast().joined(separator: ":")
        if !host.isEmpty { options.host = host.trimmingCharacters(in: ["[", "]"]) }
        guard (1...1_024).contains(self.maxRuns) else {
            throw CommandFailure.usage("--max-runs is from 1 to 1024")
        }
        options.names = self.names
        options.isPrivate = self.private
        options.runsMax = self.maxRuns
        options.resumes = !self.noResume
        options.drainMax = self.deadline.length
        return options
    }

    /// The same for every run but its folder and its files: one owner, one store.
    private func makeKit(_ staff: Staff) -> @Sendable (String?, NodeID?) -> RunKit {
        let folder = self.directory?.absolutePath ?? FileManager.default.currentDirectoryPath
        let base = staff.kit(in: folder)
        let (runs, autoApprove) = (staff.runsPath, self.autoApprove)
        return { file, exit in
            var kit = base
            if let file {
                kit.place.workingDirectory = URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false)
            }
            kit.interviewer = autoApprove ? AutoApprover() : nil
            kit.observers = [RunDirectoryKeeper(in: runs, exit: exit)]
            kit.limits.poll = .milliseconds(200)
            return kit
        }
    }
}

/// Hears signals besides the service group: the first is for the group, the second hurries it, the third ends all.
private final class Impatience: Sendable {
    private let server: OrchestraServer
    private let requests = Mutex(StopRequests())

    init(_ server: OrchestraServer) {
        self.server = server
    }

    /// Listens for as long as somebody holds what this returns.
    func listen() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                switch self.requests.withLock({ $0.next() }) {
                case .pause: break
                case .abort: self.server.hurry()
                case .end:
                    ChildProcess.killAll()
                    Output.end(130)
                }
            }
            source.resume()
            return source
        }
    }
}

/// The server as the service group sees it.
private struct Serving: Service {
    let server: OrchestraServer

    func run() async throws { try await self.server.run() }
}
