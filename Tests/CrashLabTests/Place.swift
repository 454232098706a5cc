import CrashLab
import Foundation
import Testing

/// How long the runs are and with which dice: short in `make test`, long in `make lab`.
///
///     CRASHLAB=long     the long runs
///     CRASHLAB_SEED=N   the dice, to see again what a run complained about
///     CRASHLAB_TRAILSD  the program to run, where it is not the one that was built with the tests
enum Lab {
    static let isLong = ProcessInfo.processInfo.environment["CRASHLAB"] == "long"

    static let seed: UInt64 =
        ProcessInfo.processInfo.environment["CRASHLAB_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)

    static let trailsd: String =
        ProcessInfo.processInfo.environment["CRASHLAB_TRAILSD"]
        ?? Bundle.allBundles.lazy.map { $0.bundleURL.deletingLastPathComponent().appending(path: "trailsd").path }
        .first { FileManager.default.isExecutableFile(atPath: $0) } ?? Self.besideThisProgram

    private static var besideThisProgram: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "trailsd").path
    }

    /// Runs `body` in a directory that goes away if all is well, and says how to run it again if not.
    static func run<Value>(
        _ test: String, _ body: (String) async throws -> (value: Value, complaints: [String])
    ) async throws -> Value {
        let folder = try Folder.make()
        let again = """
            to run it again: CRASHLAB_SEED=\(Self.seed)\(Self.isLong ? " CRASHLAB=long" : "") \
            swift test --disable-xctest --filter \(test); what is left is in \(folder)
            """
        do {
            let (value, complaints) = try await body(folder)
            if complaints.isEmpty {
                try Folder.remove(folder)
            } else {
                Issue.record("\(complaints.prefix(20).joined(separator: "\n"))\n\(again)")
            }
            return value
        } catch {
            Issue.record("\(error)\n\(again)")
            throw error
        }
    }
}
