import Testing

/// A run on a terminal of its own (script(1) makes one), by what is on it and not when.
@Suite(.timeLimit(.minutes(15))) struct `orchestra on a terminal` {
    private static let pipeline = """
        digraph demo {
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [shape=parallelogram, tool_command="echo 'a word of a'; until [ -e go ]; do sleep 0.05; done"]
            ask [shape=hexagon, label="Ship it?"]
            start -> a -> ask; ask -> exit [label="[Y] Yes"]; ask -> a [label="[N] No"]
        }
        """
    /// Waits until the terminal shows something that matches.
    private static let until = "until_seen() { until grep -q \"$1\" seen 2>/dev/null; do sleep 0.05; done; }\n"
    /// Types what is written into the pipe `keys`.
    private static let terminal = """
        mkfifo keys; export TERM=xterm
        on_terminal() { script -qefc "$1" seen <keys >/dev/null & terminal=$!; exec 3>keys; }

        """

    @Test func `shows the nodes at work with their output, asks in peace, and leaves it clean`() throws {
        let shop = try Workshop(["demo.dot": Self.pipeline])
        let said = try shop.play(
            """
            \(Self.until)\(Self.terminal)
            on_terminal "orchestra run demo.dot"
            until_seen 'a word of a'; until_seen '[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] a '; touch go
            until_seen 'Select: '; sleep 0.4; echo y >&3; wait $terminal; echo "code $?"; cat seen
            """)
        #expect(said.contains("code 0\n"), "\(said)")
        let screen = said.drop { $0 != "[" }
        #expect(screen.contains("[Pipeline] started demo as session "), "\(said)")
        #expect(screen.contains("\u{1B}[32m✓\u{1B}[0m a "), "\(said)")
        // While it asks, nothing is drawn over what is typed.
        let asked = screen.split(separator: "Select: ").last.map { $0.prefix { $0 != "\u{1B}" } } ?? ""
        #expect(asked.hasPrefix("y\r\n"), "\(said)")
        // What draws turns the wrapping of lines on again, each time, and nothing else is ever set.
        #expect(screen.split(separator: "\u{1B}[?7l").count == screen.split(separator: "\u{1B}[?7h").count, "\(said)")
        #expect(screen.matches(of: /\u{1B}\[\?(?!7[lh])/).isEmpty, "\(said)")
        #expect(screen.contains("is completed (context 1)\r\n"), "\(said)")
        #expect(!screen.contains("[Checkpoint]") && !screen.contains("[Stage]"), "\(said)")
    }

    @Test func `has no color when nobody wants it, and plain lines where nobody looks`() throws {
        let shop = try Workshop(["demo.dot": Self.pipeline])
        let said = try shop.play(
            """
            touch go; \(Self.until)\(Self.terminal)
            export NO_COLOR=1; on_terminal "orchestra run demo.dot --auto-approve"; wait $terminal; exec 3>&-; cat seen
            rm seen; mkfifo keys2; TERM=dumb script -qefc "orchestra run demo.dot --auto-approve" seen </dev/null
            orchestra run demo.dot --auto-approve >plain.txt; cat plain.txt
            """)
        #expect(!said.contains(/\u{1B}\[[0-9;]*m/), "\(said)")
        #expect(said.contains("  ✓ a "), "\(said)")
        #expect(said.matches(of: /\[Stage\] started a \(tool\)/).count >= 2, "\(said)")
    }

    @Test func `a pause by the keyboard is heard, and said above what is drawn`() throws {
        let shop = try Workshop(["demo.dot": Self.pipeline])
        let said = try shop.play(
            """
            \(Self.until)\(Self.terminal)
            on_terminal "orchestra run demo.dot"
            until_seen 'a word of a'; printf '\\003' >&3
            until_seen 'will be completed'; touch go; wait $terminal; echo "code $?"; cat seen
            """)
        #expect(said.contains("code 0\n"), "\(said)")
        #expect(said.contains("the current node will be completed"), "\(said)")
        #expect(said.contains("[Pipeline] paused before ask"), "\(said)")
    }

    @Test func `attach shows the same`() throws {
        let shop = try Workshop(["demo.dot": Self.pipeline])
        let said = try shop.play(
            """
            touch go; \(Self.until)\(Self.terminal)
            orchestra run demo.dot --auto-approve >/dev/null
            on_terminal "orchestra attach $(newest)"; wait $terminal; echo "code $?"; cat seen
            """)
        #expect(said.contains("code 0\n") && said.contains("✓\u{1B}[0m ask "), "\(said)")
    }
}
