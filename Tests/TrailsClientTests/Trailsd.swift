import Foundation
import ProgramKit
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// The real server, in a process that a test can kill.
final class Trailsd: Sendable {
    private let process: TestProgram
    let endpoint: ServerEndpoint
    let data: String

    private init(_ process: TestProgram, _ endpoint: ServerEndpoint, _ data: String) {
        self.process = process
        self.endpoint = endpoint
        self.data = data
    }

    /// Starts one on `data`, on the port of `endpoint` if there was one before.
    static func start(data: String, endpoint: ServerEndpoint? = nil) async throws -> Trailsd {
        let port = try endpoint?.port ?? FreePort.find()
        let process = try TestProgram(
            [TestProgram.built + "trailsd", "--listen", "127.0.0.1:\(port)", "--data", data],
            limit: .seconds(600))
        while !process.output.contains("\n"), process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        let text = process.output
        guard let start = text.range(of: "ws://") else { throw NotListening(output: text + process.errors) }
        let address = text[start.lowerBound...].prefix { !$0.isWhitespace }
        return Trailsd(process, try ServerEndpoint(String(address)), data)
    }

    struct NotListening: Error { let output: String }

    /// Kills it as a power cut would, and waits until it is gone.
    func kill() { self.process.kill() }

    /// Runs `body` with a server on fresh data.
    static func run(body: (Trailsd) async throws -> Void) async throws {
        let data = FileManager.default.temporaryDirectory.appendingPathComponent("trailsd-\(UUID())").path
        let server = try await Self.start(data: data)
        defer {
            server.kill()
            try? FileManager.default.removeItem(atPath: data)
        }
        try await body(server)
    }
}
