import ArgumentParser
import SubstratProtocol
import Vocabulary

/// `substrat daemon doctor`.
struct DaemonDoctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at all below the root; exits with 1 if somebody must do something.",
        discussion: """
            Reads all logs, and looks at quarantined sessions, permissions, what was left behind, and how much room \
            there is; with or without a daemon. It changes nothing: what to do stands beside each problem.
            """)

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        var checkup = Checkup(self.place.place)
        await checkup.run(self.place.caller)
        let said: JSONValue = [
            "sound": .bool(checkup.isSound), "findings": .array(checkup.findings.map { .object($0.json) }),
        ]
        self.place.say(said) { _ in checkup.findings.map(\.text).joined(separator: "\n") }
        if !checkup.isSound { throw ExitCode(1) }
    }
}
