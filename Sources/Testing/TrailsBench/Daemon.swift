import BenchKit
import Foundation
import Glibc
import TrailsWire
import Vocabulary

/// A trailsd of its own, from beside this program, on a port and a directory of its own.
final class Daemon {
    let endpoint: ServerEndpoint
    let directory: String
    private let process: Process
    private let ownsDirectory: Bool

    /// How long it took from the start of the process to its first word.
    let startTime: Duration

    /// - Parameter port: 0 lets the system choose one.
    init(directory: String? = nil, port: Int = 0, arguments: [String] = []) throws {
        self.ownsDirectory = directory == nil
        self.directory = directory ?? NSTemporaryDirectory() + "trails-bench-\(UUID().uuidString)"
        let process = Process()
        process.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("trailsd")
        process.arguments = ["--listen", "127.0.0.1:\(port)", "--data", self.directory] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        let begin = ContinuousClock.now
        try process.run()
        guard let line = Self.firstLine(of: pipe.fileHandleForReading), let url = line.split(separator: " ").last,
            let endpoint = try? ServerEndpoint(String(url))
        else { throw BenchError("trailsd did not start") }
        self.startTime = ContinuousClock.now - begin
        self.endpoint = endpoint
        self.process = process
    }

    /// What a program that was just started says first.
    static func firstLine(of handle: FileHandle) -> String? {
        var bytes: [UInt8] = []
        while let byte = try? handle.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    /// Memory that the process holds, in KiB.
    var resident: Int {
        let status =
            (try? String(contentsOfFile: "/proc/\(self.process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    func kill() {
        Glibc.kill(self.process.processIdentifier, SIGKILL)
        self.process.waitUntilExit()
    }

    func stop() {
        self.process.terminate()
        self.process.waitUntilExit()
        if self.ownsDirectory { self.clear() }
    }

    func clear() { try? FileManager.default.removeItem(atPath: self.directory) }
}
