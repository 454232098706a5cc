import Foundation
import ProgramKit

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
        _ script: String, file: String = "", environment: [String: String], limit: Int = 60,
        keeping leftovers: Leftovers? = nil
    ) async throws -> ProcessEnd {
        let folder = FileManager.default.temporaryDirectory.appending(path: "trails-shell-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "file")
        try Data(file.utf8).write(to: input)
        let program = try TestProgram(
            ["/bin/bash", "-c", script, input.path],
            environment: environment.merging(["PATH": "/usr/bin:/bin", "HOME": folder.path]) { own, _ in own },
            limit: .seconds(limit))
        let code = await program.wait()
        leftovers?.keep(program)
        return ProcessEnd(code: code, output: program.output, errors: program.errors)
    }
}
