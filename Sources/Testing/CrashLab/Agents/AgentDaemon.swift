import Glibc
import SubstratProtocol
import Synchronization

/// A real `substrat daemon` on a root of its own, to be killed and started again.
///
/// It dies with this object at the latest.
final class AgentDaemon: Sendable {
    let place: DaemonPlace
    private let program: String
    private let log: String
    private let process = Mutex<Child?>(nil)

    /// `folder` holds the root, and the log of what it says.
    init(program: String, folder: String) {
        self.program = program
        self.place = DaemonPlace("\(folder)/root")
        self.log = "\(folder)/substrat.log"
    }

    deinit { self.process.withLock { $0 }?.abandon() }

    /// Starts the program and does not wait until it serves.
    func launch() throws(LabError) {
        // Half as many slots as there are agents, about: sessions make room for each other all the time.
        let child = try Child(
            [self.program, "daemon", "run", "--root", self.place.root, "--max-slots", "2", "--grace", "100ms"],
            variables: [], log: self.log)
        self.process.withLock { $0 = child }
    }

    /// Starts the program, waits until it serves, and says how long that took.
    func start() async throws -> Duration {
        let start = ContinuousClock.now
        try self.launch()
        guard let child = self.process.withLock({ $0 }), try await child.says("listening on") else {
            throw LabError("the daemon did not start: see \(self.log)")
        }
        return start.duration(to: .now)
    }

    /// Sends SIGKILL, or SIGTERM, and waits until it is gone; throws when it had already ended, or ends badly.
    func end(_ signal: Int32 = SIGKILL) async throws {
        let child = self.process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let child else { return }
        let end = try await child.end(with: signal)
        let isExpected = signal == SIGKILL ? end == .signal(SIGKILL) : end == .exit(0)
        guard isExpected else { throw LabError("the daemon ended by itself or badly (\(end)): see \(self.log)") }
    }

    /// What `substrat daemon log verify` complains about; nothing when all logs are sound.
    func verify() async throws -> [String] {
        let child = try Child(
            [self.program, "daemon", "log", "verify", "--root", self.place.root], variables: [], log: self.log)
        let said = try await child.output()
        let end = try await child.end(with: 0)
        return end == .exit(0) ? [] : ["substrat daemon log verify ended with \(end): \(said)"]
    }
}
