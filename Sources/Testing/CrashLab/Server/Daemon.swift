import Glibc

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
    ) throws(LabError) {
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

/// A port that nobody listens on.
enum FreePort {
    static func find() throws(LabError) -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw LabError("no socket: errno \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard result == 0 else { throw LabError("no free port: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
