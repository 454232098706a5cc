import AgentCore
import AgentRuntime
import ArgumentParser
import DurableFiles
import SubstratProtocol
import Vocabulary

/// `substrat daemon recover`.
struct DaemonRecover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Say what the last start has found and mended, or the next one would.",
        discussion: "With --dry-run no daemon may run, and not one byte is changed.")

    @Flag(help: "Of the last start; the daemon must run.") var last = false
    @Flag(help: "Of the next start; nothing is written.") var dryRun = false

    @Option(help: "With --dry-run: the policy of that start: none, roots, interrupted or all.")
    var resume = ResumePolicy.interrupted

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard self.last != self.dryRun else {
            throw ValidationError("say --last or --dry-run: a recovery happens at every start, by itself")
        }
    }

    func run() async throws {
        guard self.last else { return try self.look() }
        let report = try await self.place.ask("daemon.recovery")
        self.place.say(report) { report in
            (report.object ?? [:]).map { key, value in
                "\(key): \((value.string ?? value.text).shownToPeople(scalarsMax: 10_000))"
            }.joined(separator: "\n")
        }
    }

    private func look() throws(CommandFailure) {
        let place = self.place.place
        let lock = try Self.hold(place)
        defer { try? lock?.close() }  // it was only locked
        var options = HostOptions()
        options.limits.resume = self.resume
        do throws(HostError) {
            // Agents of old logs name no provider, and have the usual one.
            let survey = try RecoverySurvey.make(place.root, options, continuing: ["scripted", ""])
            self.place.say(.object(survey.json)) { _ in
                let steps = survey.steps.map { "  " + $0.shownToPeople(scalarsMax: 1_000) }
                return (["a start would" + (steps.isEmpty ? " have nothing to mend" : "")] + steps)
                    .joined(separator: "\n")
            }
        } catch {
            throw .refused(error.message, hint: error.hint)
        }
    }

    /// The lock of the root, without a word in its file; `nil` where no daemon has ever been.
    static func hold(_ place: DaemonPlace) throws(CommandFailure) -> (any OpenFile)? {
        do throws(FileError) {
            let files = POSIXFileSystem()
            guard try files.exists(place.lock) else { return nil }
            let file = try files.open(place.lock, .read)
            if try file.tryLock() { return file }
            try? file.close()
        } catch {
            throw .refused(error.message, hint: error.hint)
        }
        throw .refused("a daemon has \(place.root)", hint: "daemon recover --last says what its start has found")
    }
}
