import BenchKit
import Foundation
import TrailsWire
import Vocabulary

/// A trailsd of its own, from beside this program, on a port and a directory of its own.
final class Daemon {
    let endpoint: ServerEndpoint
    let directory: String
    private let program: BenchProgram
    private let ownsDirectory: Bool

    /// How long it took from the start of the process to its first word.
    let startTime: Duration

    /// - Parameter port: 0 lets the system choose one.
    init(directory: String? = nil, port: Int = 0, arguments: [String] = []) throws {
        self.ownsDirectory = directory == nil
        self.directory = directory ?? NSTemporaryDirectory() + "trails-bench-\(UUID().uuidString)"
        let words = ["--listen", "127.0.0.1:\(port)", "--data", self.directory] + arguments
        self.program = try BenchProgram("trailsd", words)
        let (line, time) = try self.program.line()
        guard let url = line.split(separator: " ").last, let endpoint = try? ServerEndpoint(String(url)) else {
            throw BenchError("trailsd did not start")
        }
        self.startTime = time
        self.endpoint = endpoint
    }

    /// Memory that the process holds, in KiB.
    var resident: Int { self.program.resident }

    func kill() { self.program.kill() }

    func stop() {
        self.program.stop()
        if self.ownsDirectory { self.clear() }
    }

    func clear() { try? FileManager.default.removeItem(atPath: self.directory) }
}
