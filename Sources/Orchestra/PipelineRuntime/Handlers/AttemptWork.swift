import DurableFiles
import Foundation
import PipelineCore
import ProcessGuard
import TurnModel
import Vocabulary

/// A program that works for one attempt: its environment, its files, and what it says about the outcome.
///
/// Beside `HandlerCall.environment` the program gets
/// ```
///   ORCHESTRA_CONTEXT_FILE   the whole context, as JSON
///   ORCHESTRA_STATUS_FILE    where it may write its outcome (spec/orchestra.md 2.14)
///   ORCHESTRA_INSTRUCTION_FILE  there as soon as the session is told something while it works
/// ```
struct AttemptWork: Sendable {
    let call: HandlerCall
    let files: AttemptFiles
    /// Nobody wants the files afterwards.
    private let isTemporary: Bool
    /// That of this process, and what the attempt adds to it.
    let environment: [String: String]

    init(_ call: HandlerCall) {
        self.call = call
        self.environment = ProcessInfo.processInfo.environment.merging(call.environment) { _, ours in ours }
        if let parent = call.place.runDirectory {
            self.files = RunDirectory(in: parent, of: call.displayID).files(of: call.attempt, branch: call.branch)
            self.isTemporary = false
        } else {
            let folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-\(UUID())")
            self.files = AttemptFiles(parent: folder.path(percentEncoded: false), name: "attempt")
            self.isTemporary = true
        }
    }

    /// How long the commands of an earlier runner may take to end.
    static let clearMax = Duration.seconds(60)

    /// Runs `command` by the shell, and hands its end to `judge`, whose outcome counts unless the program wrote one.
    func run(
        _ command: String, input: String = "", environment: [String: String] = [:], timeout: Duration,
        judge: @Sendable (ProcessReport) async -> Outcome
    ) async -> Outcome {
        defer { if self.isTemporary { try? FileManager.default.removeItem(atPath: self.files.parent) } }
        do throws(ProcessError) {
            try await self.call.place.commands?.waitUntilClear(for: Self.clearMax)
        } catch {
            return .fail("node \(self.call.node.id) was not begun: \(error.message)", isRetryable: false)
        }
        do throws(FileError) {
            try await onThreadOfItsOwn { () throws(FileError) in
                try self.files.prepare()
                try self.files.write(self.call.context)
                if !input.isEmpty { try self.files.write(input, to: .prompt) }
                if Self.isLong(command) { try self.files.write(script: command) }
            }
        } catch {
            return .fail("the files of node \(self.call.node.id) cannot be written: \(error.message)")
        }
        do throws(ProcessError) {
            let request = self.request(command, input: input, environment: environment, timeout: timeout)
            let report = try await self.held(request)
            let outcome = await judge(report)
            return report.stopCause == nil ? await self.settle(outcome) : outcome
        } catch {
            return .fail(self.redaction.redact(error.message), isRetryable: false)
        }
    }

    /// Runs it so that no later runner of the same run begins anything before all of it is gone.
    private func held(_ request: ProcessRequest) async throws(ProcessError) -> ProcessReport {
        guard let commands = self.call.place.commands else { return try await ChildProcess.run(request) }
        var request = request
        let hold = try commands.share()
        defer { close(hold) }
        request.hold = hold
        self.files.setMark()
        defer { self.files.removeMark() }
        return try await ChildProcess.run(request)
    }

    /// Made anew for every call.
    var redaction: Redaction { Redaction(environment: self.environment) }

    /// Linux takes no argument over 128 KiB.
    private static func isLong(_ command: String) -> Bool { command.utf8.count > 100_000 }

    private func request(
        _ command: String, input: String, environment: [String: String], timeout: Duration
    ) -> ProcessRequest {
        let files = [
            CommandLock.variable: self.files.path(of: .context),
            "ORCHESTRA_STATUS_FILE": self.files.path(of: .status),
            "ORCHESTRA_INSTRUCTION_FILE": self.files.path(of: .instruction),
        ]
        let shell = Self.isLong(command) ? [self.files.path(of: .script)] : ["-c", command]
        var request = ProcessRequest(
            command: ["/bin/sh"] + shell,
            environment: self.environment.merging(files) { $1 }.merging(environment) { $1 },
            workingDirectory: self.call.place.workingDirectory, input: Array(input.utf8), timeout: timeout,
            grace: self.call.place.grace, spillPath: self.isTemporary ? nil : self.files.path(of: .output))
        if let pause = self.call.place.outputPause {
            let tail = OutputTail(every: pause, redaction: self.redaction, report: self.call.report)
            request.hear = { tail.hear($0) }
        }
        return request
    }

    /// The outcome that the program wrote comes before that of its handler; what the handler found out stays in the
    /// context unless the program says otherwise.
    private func settle(_ outcome: Outcome) async -> Outcome {
        do {
            return try await onThreadOfItsOwn { () throws(StatusError) in
                guard var written = try self.files.status() else { return outcome }
                try? self.files.write(JSONValue.object(written.json).prettyText + "\n", to: .status)
                written.contextUpdates = outcome.contextUpdates.merged(with: written.contextUpdates)
                if !written.status.isGood, written.failureReason.isEmpty {
                    written.failureReason = "node \(self.call.node.id) wrote the status \(written.status.lowercase)"
                }
                if written.notes.isEmpty { written.notes = outcome.notes }
                return written
            }
        } catch {
            var failure = Outcome.fail(self.redaction.redact(error.message))
            failure.contextUpdates = outcome.contextUpdates
            return failure
        }
    }
}

extension JSONObject {
    fileprivate func merged(with other: JSONObject) -> JSONObject {
        var merged = self
        for (key, value) in other { merged[key] = value }
        return merged
    }
}

extension ProcessReport {
    /// Why it counts as failed; `nil` for exit code 0.
    func failure(within timeout: Duration, redaction: Redaction) -> String? {
        switch (self.stopCause, self.end) {
        case (.timeLimit, _): return "it timed out after \(timeout.humanText)" + self.lastWords(redaction)
        case (.request, _): return "it was stopped on request"
        case (nil, .exited(0)): return nil
        case (nil, .exited(let code)): return "exit code \(code)" + self.lastWords(redaction)
        case (nil, .signalled(let number)):
            return "exit code \(self.end.exitCode), by signal \(number)" + self.lastWords(redaction)
        }
    }

    /// The end of standard error, after a colon.
    private func lastWords(_ redaction: Redaction) -> String {
        let words = redaction.redact(self.errors.tailText).trimmed.suffix(Self.lastWordsMax)
        return words.isEmpty ? "" : ": \(words)"
    }

    private static let lastWordsMax = 2_000
}
