import Foundation
import Glibc
import Testing

/// A trailsd of its own, on a port of its own, with a home for one user beside it. Dies with the test.
final class TestServer {
    let folder: URL
    private(set) var port = 0
    private var process = Process()

    static let programs =
        Bundle.allBundles.lazy.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        .map { $0.deletingLastPathComponent() } ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    static let repository = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// With TLS the level is `full`; the certificate authority is `ca.pem` in the folder.
    init(isSecure: Bool = false) async throws {
        self.isSecure = isSecure
        self.folder = FileManager.default.temporaryDirectory.appending(path: "trails-test-\(UUID())")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try await self.start(isSecure ? self.certificate() : [])
    }

    /// Makes a certificate for localhost; gives the options with it.
    private func certificate() async throws -> [String] {
        let files = ["\(self.folder.path)/ca.pem", "\(self.folder.path)/ca.key"]
        let made = try await Shell.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
                + "-addext subjectAltName=DNS:localhost -out \(files[0]) -keyout \(files[1])",
            environment: [:])
        guard made.code == 0 else { throw TestServerError(description: "no certificate: \(made.errors)") }
        return ["--tls-cert", files[0], "--tls-key", files[1]]
    }

    deinit {
        if self.process.isRunning { self.signal() }
        try? FileManager.default.removeItem(at: self.folder)
    }

    var url: String { self.isSecure ? "wss://localhost:\(self.port)/ws" : "ws://127.0.0.1:\(self.port)/ws" }
    private let isSecure: Bool
    private var output: URL { self.folder.appending(path: "trailsd.out") }

    /// Starts it, on the port it had before; returns when it listens.
    func start(_ options: [String] = []) async throws {
        self.process = Process()
        self.process.executableURL = URL(filePath: "/bin/bash")
        // However this process ends, trailsd ends with it.
        let wrapper = """
            output=$1 watched=$2; shift 2
            "$@" >"$output" 2>>"$output.err" & pid=$!; echo $pid >"$output.pid"
            (while test -d /proc/$watched && kill -0 $pid; do sleep 0.5; done; kill -9 $pid) 2>/dev/null &
            wait $pid
            """
        self.process.arguments =
            [
                "-c", wrapper, "bash", self.output.path, String(ProcessInfo.processInfo.processIdentifier),
                Self.programs.appending(path: "trailsd").path, "--listen", "127.0.0.1:\(self.port)",
                "--data", self.folder.appending(path: "data").path,
            ] + options
        self.process.standardInput = FileHandle.nullDevice
        self.process.standardOutput = FileHandle.nullDevice
        self.process.standardError = FileHandle.nullDevice
        try? FileManager.default.removeItem(at: self.output)
        try self.process.run()
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            let text = (try? String(contentsOf: self.output, encoding: .utf8)) ?? ""
            if let port = text.firstMatch(of: /listening on wss?:\/\/[a-z0-9.]+:(\d+)\/ws/)?.1 {
                self.port = Int(port) ?? 0
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestServerError(description: "trailsd did not start: \(self.log)")
    }

    /// SIGKILL, at once; returns when it is gone.
    func kill() async throws {
        let process = self.process
        self.signal()
        while process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
    }

    private func signal() {
        let text = try? String(contentsOf: URL(filePath: self.output.path + ".pid"), encoding: .utf8)
        guard let id = text.flatMap({ Int32($0.trimmingCharacters(in: .newlines)) }) else { return }
        Glibc.kill(id, SIGKILL)
    }

    var log: String { (try? String(contentsOf: URL(filePath: self.output.path + ".err"), encoding: .utf8)) ?? "" }

    /// What a user of this server has in the environment.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        let examples = Self.repository.appending(path: "examples/bash-pipeline").path
        return [
            "PATH": "\(Self.programs.path):\(examples)/bin:\(examples):/usr/bin:/bin", "TRAILS_SERVER": self.url,
            "TRAILS_HOME": self.folder.appending(path: "home").path, "WORKER_PAUSE": "0.05",
            "TRAILS_CA": self.isSecure ? self.folder.appending(path: "ca.pem").path : "",
            "TRAILS_STUB_LOG": self.folder.appending(path: "pods").path, "SWIFT_BACKTRACE": "enable=no",
        ].merging(more) { $1 }
    }

    /// Runs a script of this user.
    func run(_ script: String, _ more: [String: String] = [:]) async throws -> ProcessEnd {
        try await Shell.run(script, environment: self.environment(more))
    }

    /// Runs a script that must succeed, and gives its output.
    @discardableResult
    func ok(
        _ script: String, _ more: [String: String] = [:], at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let end = try await self.run(script, more)
        #expect(end.code == 0, "\(script): \(end.errors)\(end.output)", sourceLocation: location)
        return end.output
    }
}

struct TestServerError: Error, CustomStringConvertible {
    let description: String
}
