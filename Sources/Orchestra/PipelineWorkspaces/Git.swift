import Foundation
import PipelineCore
import PipelineRuntime
import ProcessGuard
import Vocabulary

/// The program git, at work in one directory.
///
/// Nothing of the user's settings changes what it does: no hooks, no signatures, no colours, no automatic upkeep. What
/// it has written when it ends is on disk.
struct Git: Sendable {
    let directory: String

    /// A repository of any size: one command takes no longer.
    static let timeout = Duration.seconds(600)
    private static let outputMax = 64 << 20

    private static let settings = [
        "core.hooksPath=/dev/null", "core.fsync=all", "core.fsmonitor=false", "core.quotePath=false", "gc.auto=0",
        "commit.gpgSign=false", "advice.detachedHead=false", "merge.ff=false", "rerere.enabled=false",
        "submodule.recurse=false",
    ]

    struct Answer: Sendable {
        let exitCode: Int32
        let output: String
        let complaint: String

        /// Of an output with `-z`.
        var names: [String] { self.output.split(separator: "\0").map(String.init) }
    }

    /// Runs `git` to its end, whatever that is.
    func answer(_ arguments: [String], input: String = "", setting: [String: String] = [:]) async throws(WorkspaceError)
        -> Answer
    {
        let command = ["git"] + Self.settings.flatMap { ["-c", $0] } + arguments
        let request = ProcessRequest(
            command: command, environment: Self.environment.merging(setting) { $1 },
            workingDirectory: self.directory, input: Array(input.utf8), timeout: Self.timeout,
            keptMax: Self.outputMax)
        do throws(ProcessError) {
            let report = try await ChildProcess.run(request)
            return Answer(
                exitCode: report.end.exitCode, output: report.output.text, complaint: report.errors.tailText.trimmed)
        } catch {
            throw WorkspaceError(error.message, hint: "is git installed, and is the directory there?")
        }
    }

    /// What git prints, less the last line end; throws when it fails.
    @discardableResult
    func run(_ arguments: String..., input: String = "", setting: [String: String] = [:]) async throws(WorkspaceError)
        -> String
    {
        let answer = try await self.answer(arguments, input: input, setting: setting)
        guard answer.exitCode == 0 else {
            let words = answer.complaint.isEmpty ? answer.output.trimmed : answer.complaint
            throw WorkspaceError(
                "git \(arguments.first ?? "") failed in \(self.directory): \(words.suffix(1_000))",
                hint: "look with git status at what is the matter there")
        }
        return answer.output.hasSuffix("\n") ? String(answer.output.dropLast()) : answer.output
    }

    /// Whether git says yes.
    func succeeds(_ arguments: String...) async throws(WorkspaceError) -> Bool {
        try await self.answer(arguments).exitCode == 0
    }

    /// The commit that `name` means; `nil` when there is none.
    func commit(_ name: String) async throws(WorkspaceError) -> String? {
        let answer = try await self.answer(["rev-parse", "--verify", "--quiet", "\(name)^{commit}"])
        return answer.exitCode == 0 ? answer.output.trimmed : nil
    }

    /// The branch that is checked out; `nil` when none is.
    func branch() async throws(WorkspaceError) -> String? {
        let answer = try await self.answer(["symbolic-ref", "--quiet", "--short", "HEAD"])
        return answer.exitCode == 0 ? answer.output.trimmed : nil
    }

    /// The files that differ from the commit, those that nobody has added included.
    func changes() async throws(WorkspaceError) -> [String] {
        let answer = try await self.answer(["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"])
        guard answer.exitCode == 0 else {
            throw WorkspaceError(
                "git status failed in \(self.directory): \(answer.complaint.suffix(1_000))",
                hint: "look with git status at what is the matter there")
        }
        return answer.names.map { String($0.dropFirst(3)) }
    }

    /// Without what would lead git elsewhere, and without anybody to ask.
    private static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
        environment["LC_ALL"] = "C"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_EDITOR"] = "true"
        environment.merge(Self.identity(of: "orchestra")) { $1 }
        return environment
    }

    /// Who wrote a commit.
    static func identity(of author: String) -> [String: String] {
        [
            "GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": "orchestra@localhost", "GIT_COMMITTER_NAME": "orchestra",
            "GIT_COMMITTER_EMAIL": "orchestra@localhost",
        ]
    }
}
