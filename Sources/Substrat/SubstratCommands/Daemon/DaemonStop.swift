import ArgumentParser
import SubstratProtocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `substrat daemon stop`.
struct DaemonStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop the daemon, and return when it has ended.")

    @Option(help: "How long to wait for its end.") var timeout = TimeSpan(duration: .seconds(60))
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let place = self.place.place
        switch Liveness(of: place) {
        case .stopped(let hasStalePID):
            let text = hasStalePID ? "daemon not running (stale PID file)" : "daemon not running"
            self.place.say(["status": "stopped", "was_running": false]) { _ in text }
        case .running(nil):
            throw CommandFailure.refused("a daemon has \(place.root), and does not say which process it is")
        case .running(let pid?):
            guard kill(pid, SIGTERM) == 0 else {
                throw CommandFailure.refused("process \(pid) cannot be stopped: \(String(cString: strerror(errno)))")
            }
            try await self.wait(for: pid, place)
            self.place.say(["status": "stopped", "was_running": true]) { _ in "daemon stopped" }
        }
    }

    private func wait(for pid: Int32, _ place: DaemonPlace) async throws {
        let end = ContinuousClock.now + self.timeout.duration
        // Another daemon may have the root by then.
        while case .running(let holder) = Liveness(of: place), holder == pid {
            guard ContinuousClock.now < end else {
                throw CommandFailure.refused(
                    "the daemon (pid \(pid)) has not ended within \(self.timeout.duration.humanText)",
                    hint: "it lets turns end for its --grace; SIGKILL loses nothing that was acknowledged")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
