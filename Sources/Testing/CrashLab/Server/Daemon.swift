import ProgramKit

/// A real trailsd on a port of its own, to be killed and started again. It dies with this object at the latest.
package final class Daemon: Sendable {
    /// The program to run.
    package let program: String
    /// Its data directory.
    package let data: String
    package let port: Int
    private let service: Service

    /// `folder` holds the data directory, the log and what else is made on the way.
    ///
    /// - Parameters:
    ///   - window: How long it waits for apps that were there, after their connection or it itself was gone.
    ///   - variables: What is added to its environment.
    package init(
        program: String, folder: String, window: String = "1h", variables: [String] = []
    ) throws {
        self.program = program
        self.data = "\(folder)/data"
        self.port = try FreePort.find()
        self.service = Service(
            [
                program, "serve", "--data", self.data, "--listen", "127.0.0.1:\(self.port)",
                "--reconnect-window", window, "--restart-window", window,
            ], variables: variables, log: "\(folder)/trailsd.log")
    }

    /// Where it says what went wrong.
    package var log: String { self.service.log }

    /// `nil` while it does not run.
    package var processID: Int32? { self.service.processID }

    package var address: String { "127.0.0.1:\(self.port)" }

    /// Starts the program and does not wait until it serves.
    package func launch() throws(LabError) { try self.service.launch() }

    /// Starts the program, waits until it serves, and says how long that took.
    package func start() async throws -> Duration { try await self.service.start() }

    /// Kills it with SIGKILL and waits until it is gone; throws when it had already ended by itself.
    package func kill() async throws { try await self.service.kill() }

    /// Asks it to leave with SIGTERM and waits until it has; throws when it does not leave with 0.
    package func stop() async throws { try await self.service.stop() }

    /// Runs `trailsd check` on the directory `data`; answers what it complains about, nothing when all is well.
    package func check(_ data: String) async throws -> [String] {
        try await self.service.complaints(of: ["check", "--data", data])
    }
}
