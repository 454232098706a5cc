import Foundation
import ProgramKit
import Testing

/// A trailsd of its own, on a port of its own, with a home for one user beside it. Dies with the test.
final class TestServer {
    let folder: URL
    /// Kept over all its lives.
    let port: Int
    private var process: TestProgram?
    private let leftovers = Leftovers()

    static let programs = URL(filePath: TestProgram.built)
    static let repository = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// With TLS the level is `full`; the certificate authority is `ca.pem` in the folder.
    init(isSecure: Bool = false) async throws {
        self.isSecure = isSecure
        self.port = try FreePort.find()
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
        self.process?.kill()
        self.leftovers.end()
        try? FileManager.default.removeItem(at: self.folder)
    }

    var url: String { self.isSecure ? "wss://localhost:\(self.port)/ws" : "ws://127.0.0.1:\(self.port)/ws" }
    private let isSecure: Bool
    /// What it complained of in its lives before.
    private var said = ""

    /// Starts it, on the port it had before; returns when it listens.
    func start(_ options: [String] = []) async throws {
        let program = try TestProgram(
            [
                TestProgram.built + "trailsd", "--listen", "127.0.0.1:\(self.port)", "--data",
                self.folder.appending(path: "data").path,
            ] + options, limit: .seconds(600))
        if let before = self.process { self.said += before.errors }
        self.process = program
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline, program.isRunning {
            let text = program.output
            if text.contains(/listening on wss?:\/\/[a-z0-9.]+:\d+\/ws/) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestServerError(description: "trailsd did not start: \(self.log)")
    }

    /// SIGKILL, at once; returns when it is gone.
    func kill() {
        self.process?.kill()
    }

    /// What it complained of, in all its lives.
    var log: String { self.said + (self.process?.errors ?? "") }

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
        try await Shell.run(script, environment: self.environment(more), keeping: self.leftovers)
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
