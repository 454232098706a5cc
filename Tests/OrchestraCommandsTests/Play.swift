import Foundation
import ProgramKit

/// Runs lines of bash with the programs that were built with the tests.
enum Play {
    static let here = URL(filePath: #filePath).deletingLastPathComponent()
    static let stories = here.appending(path: "Transcripts")

    /// Standard output and error of `script`, which is stopped after a minute, and `exit N` when N is not 0.
    static func play(_ script: String, in folder: URL = stories) throws -> String {
        let program = try TestProgram(
            bash: "exec 2>&1\n\(script)",
            environment: ["PATH": "\(TestProgram.built):/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C.UTF-8"],
            in: folder.path, limit: .seconds(60))
        let code = program.waitHere()
        return code == 0 ? program.output : program.output + "exit \(code)\n"
    }
}
