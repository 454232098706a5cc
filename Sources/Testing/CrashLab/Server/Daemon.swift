import Glibc
import Synchronization

/// A real trailsd on a port of its own, to be killed and started again. It dies with this object at the latest.
package final class Daemon: Sendable {
    /// The program to run.
    package let program: String
    /// Its data directory.
    package let data: String
    package let port: Int
    /// How long it waits for apps that were there, after their connection or it itself was gone.
    private let window: String
    /// Variables that are added to its environment.
    private let variables: [String]
    private let process = Mutex<Child?>(nil)

    /// `folder` holds the data directory, the log and what else is made on the way.
    package init(
        program: String, folder: String, window: String = "1h", variables: [String] = []
    ) throws(LabError) {
        self.program = program
        self.data = "\(folder)/data"
        self.window = window
        self.variables = variables
        self.log = "\(folder)/trailsd.log"
        self.port = try FreePort.find()
    }

    /// A run that throws must leave nothing behind that holds its port and its files.
    deinit { self.process.withLock { $0 }?.abandon() }

    /// Where it says what went wrong.
    package let log: String

    /// `nil` while it does not run.
    package var processID: Int32? { self.process.withLock { $0?.pid } }

    package var address: String { "127.0.0.1:\(self.port)" }

    /// Starts the program and does not wait until it serves.
    package func launch() throws(LabError) {
        let child = try Child(
            [
                self.program, "serve", "--data", self.data, "--listen", self.address, "--reconnect-window", self.window,
                "--restart-window", self.window,
            ], variables: self.variables, log: self.log)
        self.process.withLock { $0 = child }
    }

    /// Starts the program, waits until it serves, and says how long that took.
    package func start() async throws -> Duration {
        let start = ContinuousClock.now
        try self.launch()
        guard let child = self.process.withLock({ $0 }), try await child.says("listening on") else {
            throw LabError("trailsd did not start: see \(self.log)")
        }
        return start.duration(to: .now)
    }

    /// Kills it with SIGKILL and waits until it is gone; throws when it had already ended by itself.
    package func kill() async throws { try await self.end(SIGKILL) }

    /// Asks it to leave with SIGTERM and waits until it has; throws when it does not leave with 0.
    package func stop() async throws { try await self.end(SIGTERM) }

    private func end(_ signal: Int32) async throws {
        let child = self.process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let child else { return }
        let end = try await child.end(with: signal)
        let isExpected = signal == SIGKILL ? end == .signal(SIGKILL) : end == .exit(0)
        guard isExpected else { throw LabError("trailsd ended by itself or badly (\(end)): see \(self.log)") }
    }

    /// Runs `trailsd check` on the directory `data`; answers what it complains about, nothing when all is well.
    package func check(_ data: String) async throws -> [String] {
        let child = try Child([self.program, "check", "--data", data], variables: [], log: self.log)
        let said = try await child.output()
        let end = try await child.end(with: 0)
        guard end != .exit(0) else { return [] }
        return ["trailsd check ended with \(end): \(said)"]
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
