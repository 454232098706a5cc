import Foundation
import ProgramKit
import Testing
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// The real program, in a process of its own, on a data directory that outlives it.
final class Trailsd: Sendable {
    private let process: TestProgram

    static let program = TestProgram.built + "trailsd"

    /// Starts it on `data`; `port` 0 lets the system choose.
    init(_ data: String, port: Int = 0, _ arguments: [String] = [], under wrapper: [String] = []) throws {
        self.process = try TestProgram(
            wrapper + [Self.program, "--data", data, "--listen", "127.0.0.1:\(port)"] + arguments,
            limit: .seconds(600))
    }

    /// Waits until it serves.
    func port() async throws -> Int {
        let due = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < due {
            if let port = self.process.output.firstMatch(of: /listening on wss?:\/\/[^\/]*:(\d+)/)?.1 {
                return try #require(Int(port))
            }
            guard self.process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw NotServing(description: "trailsd does not serve; it says: \(self.complaints)")
    }

    struct NotServing: Error, CustomStringConvertible { let description: String }

    func signal(_ number: Int32) { self.process.signal(number) }

    /// Waits for the end: the exit status, or the negative number of the signal.
    func exit() async throws -> Int32 {
        let code = await self.process.wait()
        return code > 128 ? 128 - code : code
    }

    /// What it complained of so far.
    var complaints: String { self.process.errors }
}

extension Stage {
    /// The stage of a running program: its keys are in its data directory.
    init(_ trailsd: Trailsd, data: String, level: SecurityLevel = .signed, tls: TLSFiles? = nil) async throws {
        let port = try await trailsd.port()
        func key(_ name: String) throws -> SigningKey {
            let text = try String(contentsOfFile: "\(data)/\(name)", encoding: .utf8)
            return SigningKey(secretText: text.trimmingCharacters(in: .whitespacesAndNewlines))!
        }
        try self.init(
            port: port, key: try key("server.key").publicKey, admin: try key("admin.key"), level: level, tls: tls)
    }
}
