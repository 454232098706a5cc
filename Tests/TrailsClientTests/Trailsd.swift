import Foundation
import Synchronization
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// The real server, in a process that a test can kill.
final class Trailsd: Sendable {
    private let process: Mutex<Process>
    let endpoint: ServerEndpoint
    let data: String

    private init(_ process: Process, _ endpoint: ServerEndpoint, _ data: String) {
        self.process = Mutex(process)
        self.endpoint = endpoint
        self.data = data
    }

    /// Starts one on `data`, on the port of `endpoint` if there was one before.
    static func start(data: String, endpoint: ServerEndpoint? = nil) throws -> Trailsd {
        let process = Process()
        process.executableURL = Self.binary
        let port = endpoint?.port ?? 0
        process.arguments = ["--listen", "127.0.0.1:\(port)", "--data", data]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.contains("\n") {
            let bytes = output.fileHandleForReading.availableData
            guard !bytes.isEmpty else { break }
            text += String(decoding: bytes, as: UTF8.self)
        }
        guard let start = text.range(of: "ws://") else { throw NotListening(output: text) }
        let address = text[start.lowerBound...].prefix { !$0.isWhitespace }
        return Trailsd(process, try ServerEndpoint(String(address)), data)
    }

    private static var binary: URL {
        // The tests are built beside the programs.
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("trailsd")
    }

    struct NotListening: Error { let output: String }

    /// Kills it as a power cut would, and waits until it is gone.
    func kill() {
        self.process.withLock { process in
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Runs `body` with a server on fresh data.
    static func run(body: (Trailsd) async throws -> Void) async throws {
        let data = FileManager.default.temporaryDirectory.appendingPathComponent("trailsd-\(UUID())").path
        let server = try Self.start(data: data)
        defer {
            server.kill()
            try? FileManager.default.removeItem(atPath: data)
        }
        try await body(server)
    }
}
