import Foundation
import Glibc

/// A program beside this one, or anywhere: run to its end, or as long as it is measured.
package final class BenchProgram {
    private let process: Process
    private let output = Pipe()
    private let begin: ContinuousClock.Instant

    /// - Parameter path: As `trailsd` for the program beside this one, or absolute; `nil` for this one itself.
    package init(_ path: String?, _ arguments: [String], isHeard: Bool = true) throws {
        guard let own = Bundle.main.executableURL else { throw BenchError("nobody knows where this program is") }
        self.process = Process()
        self.process.executableURL =
            path.map { URL(filePath: $0, relativeTo: own.deletingLastPathComponent()) } ?? own
        self.process.arguments = arguments
        if isHeard {
            self.process.standardOutput = self.output
        } else {
            self.process.standardOutput = FileHandle.nullDevice
            self.process.standardError = FileHandle.nullDevice
        }
        self.begin = .now
        try self.process.run()
    }

    /// Runs a program to its end, which must be good, and says how long that took.
    @discardableResult
    package static func run(_ path: String, _ arguments: [String]) throws -> Duration {
        let program = try BenchProgram(path, arguments, isHeard: false)
        program.process.waitUntilExit()
        let code = program.process.terminationStatus
        guard code == 0 else {
            throw BenchError("\(path) \(arguments.joined(separator: " ")) ended with \(code)")
        }
        return ContinuousClock.now - program.begin
    }

    /// What it says next, a line; and how long after its start that was.
    package func line() throws -> (text: String, after: Duration) {
        var bytes: [UInt8] = []
        while let byte = try self.output.fileHandleForReading.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { return (String(decoding: bytes, as: UTF8.self), .now - self.begin) }
            bytes.append(byte)
        }
        throw BenchError("\(self.process.executableURL?.lastPathComponent ?? "a program") ended without a word")
    }

    /// Memory that it holds, in KiB.
    package var resident: Int {
        let status = (try? String(contentsOfFile: "/proc/\(self.id)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    /// How many files it has open.
    package var openFiles: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.id)/fd").count) ?? 0
    }

    private var id: Int32 { self.process.processIdentifier }

    package func kill() {
        Glibc.kill(self.id, SIGKILL)
        self.process.waitUntilExit()
    }

    /// Has it end in its own way.
    package func stop() {
        self.process.terminate()
        self.process.waitUntilExit()
    }
}
