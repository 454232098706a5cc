import Foundation
import ProcessGuard
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program that a test runs. It, and all that it starts, is gone when this is, or when the tests end in whatever way.
///
/// It runs in a session of its own. What it says goes into files: nobody need read it so that it goes on, and what
/// outlives it keeps nobody waiting.
package final class TestProgram: Sendable {
    /// The files that have what it said. The same when both are one.
    package let outputPath: String
    package let errorsPath: String

    private let process: GuardedProcess
    private let end = Mutex<ProcessEnd?>(nil)
    private let isQuiet = Mutex(false)
    private let due: ContinuousClock.Instant
    /// Where the files are that nobody has asked for.
    private let folder: String?

    /// Starts a program, which is found by PATH.
    ///
    /// - Parameters:
    ///   - environment: all of it; that of the tests when it is `nil`.
    ///   - folder: in which it works; that of the tests when it is `nil`.
    ///   - output: the file for its standard output, which is made anew; one that goes away with this when it is `nil`.
    ///   - errors: as `output`, for its standard error. May be the same file.
    ///   - limit: after which it is killed; who waits is told exit code 124 then, as `timeout` has it.
    package init(
        _ command: [String], environment: [String: String]? = nil, in folder: String? = nil, output: String? = nil,
        errors: String? = nil, limit: Duration = .seconds(120)
    ) throws {
        var own: String?
        if output == nil || errors == nil {
            let path = NSTemporaryDirectory() + "/cairn-program-\(UUID())"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            own = path
        }
        self.folder = own
        self.outputPath = output ?? "\(own ?? "")/output"
        self.errorsPath = errors ?? "\(own ?? "")/errors"
        self.due = .now + limit
        var start = ProcessStart(
            command: command, environment: environment ?? ProcessInfo.processInfo.environment,
            workingDirectory: folder)
        start.grace = .zero
        start.input = try Descriptors.open("/dev/null", O_RDONLY)
        defer { close(start.input) }
        start.output = try Descriptors.open(self.outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)
        defer { close(start.output) }
        start.errors = try Descriptors.open(self.errorsPath, O_WRONLY | O_CREAT | O_APPEND)
        defer { close(start.errors) }
        if self.errorsPath != self.outputPath { ftruncate(start.errors, 0) }
        self.process = try GuardedProcess(start)
        // From now on "quiet" is said of all that descends from it.
        self.process.signal(0, to: .all)
    }

    deinit {
        self.kill()
        self.process.letGo()
        if let folder { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Its process, group and session.
    package var id: Int32 { self.process.id }
    package var output: String { Self.text(self.outputPath) }
    package var errors: String { Self.text(self.errorsPath) }
    package var isRunning: Bool { self.look() == nil }
    /// Whether it has ended, and nothing is left of what it started.
    package var isAllGone: Bool { self.look() != nil && self.isQuiet.withLock { $0 } }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

extension TestProgram {
    /// Sends a signal to the program alone.
    package func signal(_ number: Int32) {
        if self.isRunning { _ = Self.send(number, self.process.id) }
    }

    private static func send(_ number: Int32, _ id: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.kill(id, number)
        #else
            Darwin.kill(id, number)
        #endif
    }

    /// Kills it and all that it has started, and returns when they are gone.
    package func kill() {
        self.process.signal(SIGKILL, to: .all)
        self.isQuiet.withLock { $0 = false }
        let due = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < due, !self.isQuiet.withLock({ $0 }) { self.hear(for: 100) }
    }

    /// Waits for its end, and keeps no thread meanwhile. A task that is cancelled kills it.
    ///
    /// Answers the exit code; 128 and the number of the signal when one has ended it.
    package func wait() async -> Int32 {
        while true {
            if let end = self.look() { return end.exitCode }
            if self.isLate { return 124 }
            do {
                try await Task.sleep(for: .milliseconds(5))
            } catch {
                self.kill()
                return self.look()?.exitCode ?? 128 + SIGKILL
            }
        }
    }

    /// As `wait`, but blocks: for what is soon done.
    package func waitHere() -> Int32 {
        while true {
            if let end = self.look() { return end.exitCode }
            if self.isLate { return 124 }
            self.hear(for: 100)
        }
    }

    /// Kills it when it has had its time.
    private var isLate: Bool {
        guard ContinuousClock.now > self.due else { return false }
        self.kill()
        return true
    }

    /// How it ended; `nil` as long as it runs.
    private func look() -> ProcessEnd? {
        while let report = self.process.nextReport() {
            switch report {
            case .ended(let end): self.end.withLock { $0 = end }
            case .quiet: self.isQuiet.withLock { $0 = true }
            case .lost:
                self.end.withLock { $0 = $0 ?? .signalled(SIGKILL) }
                self.isQuiet.withLock { $0 = true }
            }
            if report == .lost { break }
        }
        return self.end.withLock { $0 }
    }

    private func hear(for milliseconds: Int32) {
        var source = pollfd(fd: self.process.reports, events: Int16(POLLIN), revents: 0)
        poll(&source, 1, milliseconds)
        _ = self.look()
    }
}

extension TestProgram {
    /// Runs a script of bash.
    package convenience init(
        bash script: String, environment: [String: String]? = nil, in folder: String? = nil, output: String? = nil,
        errors: String? = nil, limit: Duration = .seconds(120)
    ) throws {
        try self.init(
            ["/bin/bash", "-c", script], environment: environment, in: folder, output: output, errors: errors,
            limit: limit)
    }

    /// Kills it once it has said so many lines, and gives all that it said; not a line that the kill cut off.
    ///
    /// - Throws: when it ended by itself.
    package func killed(afterLines count: Int) async throws -> [Substring] {
        while self.output.utf8.count(where: { $0 == UInt8(ascii: "\n") }) < count, self.isRunning {
            try await Task.sleep(for: .milliseconds(1))
        }
        self.kill()
        guard self.look() == .signalled(SIGKILL) else { throw EndedByItself(said: self.output + self.errors) }
        return self.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    /// A program that was to be killed had ended.
    package struct EndedByItself: Error { let said: String }

    /// The folder of the programs that were built with the tests, with a slash at its end.
    package static let built: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let path = tests.isEmpty ? CommandLine.arguments[0] : tests
        return URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    }()
}
