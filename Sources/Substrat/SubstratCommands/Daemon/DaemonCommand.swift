import ArgumentParser
import SubstratClient
import SubstratProtocol
import Vocabulary

/// `substrat daemon`: the process that hosts the agents.
struct DaemonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon", abstract: "Start, stop and look at the daemon.",
        subcommands: [
            DaemonStart.self, DaemonRun.self, DaemonStop.self, DaemonStatus.self, DaemonRecover.self,
            DaemonDoctor.self, DaemonWatch.self, DaemonLog.self,
        ])
}

/// `substrat daemon status`.
struct DaemonStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say whether a daemon runs; exits with 3 when none does.")

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let place = self.place.place
        switch Liveness(of: place) {
        case .stopped(let hasStalePID):
            let text = hasStalePID ? "stopped (stale PID file)" : "stopped"
            self.place.say(["status": "stopped", "stale_pid_file": .bool(hasStalePID)]) { _ in text }
            throw ExitCode(3)
        case .running(let pid):
            let status = try? await self.place.ask("daemon.status", timeout: .seconds(5))
            let number = pid.map { "\($0)" } ?? "?"
            var said = status?.object ?? ["status": "running", "pid": pid.map { .integer(Int64($0)) } ?? .null]
            said["answers"] = .bool(status != nil)
            self.place.say(.object(said)) { _ in
                status == nil ? "running (pid \(number), socket missing)" : "running (pid \(number))"
            }
        }
    }
}
