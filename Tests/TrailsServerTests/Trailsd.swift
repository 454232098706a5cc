import Foundation
import Synchronization
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// The real program, in a process of its own, on a data directory that outlives it.
final class Trailsd: Sendable {
    private let process: Mutex<Process>
    private let errors: Mutex<String> = Mutex("")
    private let said = Inbox<String>()
    private let ended = Inbox<Int32>()

    /// Found beside the program that runs the tests.
    static let program: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let places = [own] + CommandLine.arguments
        for place in places {
            var folder = URL(fileURLWithPath: place).deletingLastPathComponent()
            for _ in 0..<4 {
                let path = folder.appendingPathComponent("trailsd").path
                if FileManager.default.isExecutableFile(atPath: path) { return path }
                folder.deleteLastPathComponent()
            }
        }
        preconditionFailure("there is no trailsd beside \(places)")
    }()

    /// Starts it on `data`; `port` 0 lets the system choose.
    init(_ data: String, port: Int = 0, _ arguments: [String] = [], under wrapper: [String] = []) throws {
        let process = Process()
        let command =
            wrapper + [Self.program, "--data", data, "--listen", "127.0.0.1:\(port)"] + arguments
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        self.process = Mutex(process)
        output.fileHandleForReading.readabilityHandler = { [said] handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
            } else {
                said.add(String(decoding: data, as: UTF8.self))
            }
        }
        errors.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
            } else {
                self?.errors.withLock { $0 += String(decoding: data, as: UTF8.self) }
            }
        }
        process.terminationHandler = { [ended, said] process in
            ended.add(
                process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
            said.close()
        }
        try process.run()
    }

    deinit { self.process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } } }

    /// Waits until it serves.
    func port() async throws -> Int {
        do {
            return try await self.said.next { text in
                guard let range = text.range(of: #"listening on wss?://[^/]*:"#, options: .regularExpression) else {
                    return nil
                }
                return Int(text[range.upperBound...].prefix { $0.isNumber })
            }
        } catch {
            throw Inbox<String>.Missing(description: "\(error); it says: \(self.complaints)")
        }
    }

    func signal(_ number: Int32) { self.process.withLock { _ = kill($0.processIdentifier, number) } }

    /// Waits for the end: the exit status, or the negative number of the signal.
    func exit() async throws -> Int32 { try await self.ended.next { $0 } }

    /// What it complained of so far.
    var complaints: String { self.errors.withLock { $0 } }
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
