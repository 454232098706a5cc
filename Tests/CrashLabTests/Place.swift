import CrashLab
import Foundation
import Testing

/// How long the runs are and with which dice: short in `make test`, long in `make lab`.
///
///     CRASHLAB=long     the long runs
///     CRASHLAB_SEED=N   the dice, to see again what a run complained about
///     CRASHLAB_TRAILSD, CRASHLAB_TRAILS, CRASHLAB_ORCHESTRA, CRASHLAB_SUBSTRAT
///                       the programs to run, where they are not those that were built with the tests
enum Lab {
    static let isLong = ProcessInfo.processInfo.environment["CRASHLAB"] == "long"

    static let seed: UInt64 =
        ProcessInfo.processInfo.environment["CRASHLAB_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)

    static let trailsd = Self.program("trailsd", variable: "CRASHLAB_TRAILSD")
    static let orchestra = Self.program("orchestra", variable: "CRASHLAB_ORCHESTRA")
    static let trails = Self.program("trails", variable: "CRASHLAB_TRAILS")
    static let substrat = Self.program("substrat", variable: "CRASHLAB_SUBSTRAT")

    static let powerCutSource = Self.path("PowerCut/powercut.c")
    /// The program of the agents that live below a daemon that is killed.
    static let agentScript = Self.path("Agents/agent")

    /// Of a file beside these tests.
    private static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: name).path
    }

    private static func program(_ name: String, variable: String) -> String {
        let besideThisProgram = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return ProcessInfo.processInfo.environment[variable]
            ?? Bundle.allBundles.lazy.map { $0.bundleURL.deletingLastPathComponent().appending(path: name).path }
            .first { FileManager.default.isExecutableFile(atPath: $0) } ?? besideThisProgram.appending(path: name).path
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
