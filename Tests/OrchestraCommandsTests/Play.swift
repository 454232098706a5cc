import Foundation

/// Runs lines of bash with the programs that were built with the tests.
enum Play {
    static let here = URL(filePath: #filePath).deletingLastPathComponent()
    static let stories = here.appending(path: "Transcripts")

    /// Where the programs are that were built with these tests.
    static let built: URL =
        Bundle.allBundles.lazy.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        .map { $0.deletingLastPathComponent() } ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

    /// Standard output and error of `script`, which is stopped after a minute, and `exit N` when N is not 0.
    static func play(_ script: String, in folder: URL = stories) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "orchestra-play-\(UUID())")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["-k", "1", "60", "bash", "-c", script]
        process.currentDirectoryURL = folder
        process.environment = ["PATH": "\(self.built.path):/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C.UTF-8"]
        let handle = try FileHandle(forWritingTo: file)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        let said = try String(contentsOf: file, encoding: .utf8)
        return process.terminationStatus == 0 ? said : said + "exit \(process.terminationStatus)\n"
    }
}
