import Foundation
import Testing

@testable import TrailsCommands

@Suite(.timeLimit(.minutes(10))) struct `What a shell evaluates` {
    @Test func `is one export a line, of a fixed alphabet`() {
        let text = EvalOutput.exports([("TRAILS_APP_ID", "5b1a-7"), ("TRAILS_SERVER", "ws://[::1]:8443/a b%$(x)/ws")])
        #expect(
            text == """
                export TRAILS_APP_ID=5b1a-7;
                export TRAILS_SERVER=ws://%5B::1%5D:8443/a%20b%25%24%28x%29/ws;
                """)
    }

    @Test(arguments: ["", "a%41b", "ed25519:ab+/=", "ws://[::1]/ws", "ü", "100%", "%zz", "*?[a]", "$(touch /tmp/x)"])
    func `is read back as it was`(value: String) {
        #expect(EvalOutput.decoded(EvalOutput.encoded(value)) == value)
    }

    @Test func `means the same in a shell, unquoted, where a folder is full of files`() async throws {
        let value = "ws://h/*?[a-z] ;$(echo no)`echo no`'\"\\#~"
        let lines = EvalOutput.exports([("V", value), ("W", "2")])
        let end = try await Shell.run(
            "cd /usr; eval $(cat \"$0\"); printf '%s\\n' \"$V\" \"$W\"", file: lines, environment: [:])
        #expect(end.output == "\(EvalOutput.encoded(value))\n2\n")
    }

    @Test func `stops a script when the command failed, and forgets who it was`() async throws {
        let line = EvalOutput.failure(exitCode: 69)
        #expect(
            line == "unset TRAILS_APP_ID TRAILS_CHILD_ID TRAILS_PRIVATE_KEY; "
                + "if test -n \"${PS1-}\"; then (exit 69); else exit 69; fi")
        let script = try await Shell.run("eval $(cat \"$0\"); echo went on", file: line, environment: [:])
        #expect(script.code == 69)
        #expect(script.output == "")
    }

    @Test func `does not close the shell of a person`() async throws {
        let script = "PS1='$ '; TRAILS_APP_ID=old; eval $(cat \"$0\"); echo \"code $? <${TRAILS_APP_ID-}>\""
        let end = try await Shell.run(script, file: EvalOutput.failure(exitCode: 69), environment: [:])
        #expect(end.output == "code 69 <>\n")
    }

    @Test(arguments: [
        (["run", "--name", "x"], true), (["run", "--name", "x", "--", "make"], false), (["register"], true),
        (["resume", "--name", "x"], true), (["use", "x"], false), (["use", "x", "--export"], true),
        (["tree"], false), ([], false),
    ])
    func `comes from these commands only`(arguments: [String], isEvaluated: Bool) {
        #expect(EvalOutput.isEvaluated(arguments) == isEvaluated)
    }
}
