import Testing

/// `orchestra attach` beside `orchestra run`, both as a person types them.
@Suite(.timeLimit(.minutes(15))) struct `orchestra attach` {
    private func play(_ script: String) throws -> String {
        try Workshop(["demo.dot": Workshop.demo]).play(script)
    }

    /// Without what two clocks say differently.
    private static let undated = "undated() { sed -E 's/(in|after) ([0-9]+ ?(d|h|m|s|ms) ?)+/\\1 T/'; }\n"

    @Test func `prints the lines of run, and ends with its code`() throws {
        let said = try self.play(
            """
            \(Self.undated)
            orchestra run demo.dot --auto-approve >run.txt 2>/dev/null; echo $?
            id=$(newest)
            orchestra attach $id >attach.txt; echo $?
            undated <run.txt >run.undated; undated <attach.txt >attach.undated
            diff run.undated attach.undated && wc -l <attach.txt
            """)
        #expect(said == "1\n1\n19\n", "\(said)")
    }

    @Test func `tells as JSON what comes after a turn`() throws {
        let said = try self.play(
            """
            orchestra run demo.dot --auto-approve >/dev/null 2>&1
            id=$(newest)
            orchestra attach $id --json >all.json
            turn=$(sed -n 5p all.json | sed -E 's/.*"turn":"([0-9]+)".*/\\1/')
            orchestra attach $id --json --since $turn >rest.json; echo $?
            tail -n +6 all.json | diff - rest.json && tail -1 rest.json | sed -E 's/"session".*"message"/"message"/'
            """)
        #expect(said.hasPrefix("1\n{\"event\":\"ended\",\"message\":\"session ") && said.contains("\"exit_code\":1"))
    }

    @Test func `follows a run of another process until it pauses`() throws {
        let said = try self.play(
            """
            orchestra run demo.dot >run.txt 2>&1 &
            until orchestra status 2>/dev/null | grep -q waiting; do sleep 0.05; done
            id=$(newest)
            orchestra attach $id >attach.txt & attached=$!
            until grep -q Interview attach.txt; do sleep 0.05; done
            orchestra pause $id >/dev/null
            wait $attached; echo $?; tail -2 attach.txt | sed "s/$id/ID/"
            orchestra attach nobody; echo $?
            """)
        let lines = said.split(separator: "\n")
        #expect(lines.first == "0" && lines.dropFirst().first == "[Pipeline] paused before ask", "\(said)")
        #expect(said.contains("session ID goes on at node ask"), "\(said)")
        #expect(said.hasSuffix("see the sessions there are\n1\n") || said.contains("session not found"), "\(said)")
    }
}
