import Foundation
import Testing

/// How a process ended, and what it said.
struct ProcessEnd {
    let code: Int32
    let output: String
    let errors: String
}

/// Runs scripts in bash. Each ends after a minute, whatever it does.
enum Shell {
    /// `file` is the content of a file whose path is `$0`.
    static func run(
        _ script: String, file: String = "", environment: [String: String], limit: Int = 60
    ) async throws -> ProcessEnd {
        let folder = FileManager.default.temporaryDirectory.appending(path: "trails-shell-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "file")
        try Data(file.utf8).write(to: input)
        let output = folder.appending(path: "output")
        let errors = folder.appending(path: "errors")
        for url in [output, errors] { try Data().write(to: url) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["-k", "1", String(limit), "bash", "-c", script, input.path]
        process.environment = environment.merging(["PATH": "/usr/bin:/bin", "HOME": folder.path]) { own, _ in own }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let code = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return ProcessEnd(
            code: code, output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8))
    }
}
