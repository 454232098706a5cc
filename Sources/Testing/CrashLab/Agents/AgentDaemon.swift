import SubstratProtocol

/// A real `substrat daemon` on a root of its own, to be killed and started again.
///
/// It dies with this object at the latest.
final class AgentDaemon: Sendable {
    let place: DaemonPlace
    private let service: Service

    /// `folder` holds the root, and the log of what it says.
    init(program: String, folder: String) {
        self.place = DaemonPlace("\(folder)/root")
        // Half as many slots as there are agents, about: sessions make room for each other all the time.
        self.service = Service(
            [program, "daemon", "run", "--root", self.place.root, "--max-slots", "2", "--grace", "100ms"],
            log: "\(folder)/substrat.log")
    }

    /// Starts the program and does not wait until it serves.
    func launch() throws(LabError) { try self.service.launch() }

    /// Starts the program, waits until it serves, and says how long that took.
    func start() async throws -> Duration { try await self.service.start() }

    /// Kills it with SIGKILL and waits until it is gone; throws when it had already ended by itself.
    func kill() async throws { try await self.service.kill() }

    /// Asks it to leave with SIGTERM and waits until it has; throws when it does not leave with 0.
    func stop() async throws { try await self.service.stop() }

    /// What `substrat daemon log verify` complains about; nothing when all logs are sound.
    func verify() async throws -> [String] {
        try await self.service.complaints(of: ["daemon", "log", "verify", "--root", self.place.root])
    }
}
