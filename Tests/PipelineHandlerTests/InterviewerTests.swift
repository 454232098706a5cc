import Foundation
import PipelineCore
import Synchronization
import Testing

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(10))) struct InterviewerTests {
    private static let gate = Scene.gate("[Y] Ship it", "[N] Stop")

    @Test func `an automatic yes takes the first choice`() async {
        #expect(await AutoApprover().ask(Self.gate, complaint: nil)?.answer == .text("Y"))
        let question = Question(
            id: AttemptKey("k"), node: NodeID("g"), text: "Sure?", kind: .yesNo, choices: [], standard: nil,
            timeout: nil)
        #expect(await AutoApprover().ask(question, complaint: nil)?.answer == .text("YES"))
    }

    @Test func `a queue answers in order and then skips, and is recorded`() async {
        let recorder = RecordingInterviewer(QueueInterviewer([.text("N")]))
        #expect(await recorder.ask(Self.gate, complaint: nil)?.answer == .text("N"))
        #expect(await recorder.ask(Self.gate, complaint: nil)?.answer == .skipped)
        #expect(recorder.recorded.map(\.answer?.answer) == [.text("N"), .skipped])
    }

    @Test func `asks a pipe until the answer is one of the choices`() async throws {
        let pipe = Pipe()
        let screen = Screen()
        let console = screen.console(on: pipe.fileHandleForReading.fileDescriptor)
        try pipe.fileHandleForWriting.write(contentsOf: Data("maybe\n\n ship it \nn\n".utf8))
        #expect(await console.ask(Self.gate, complaint: nil)?.answer == .text("ship it"))
        #expect(await console.ask(Self.gate, complaint: nil) == GivenAnswer(.text("n"), by: "alice"))
        #expect(
            screen.text == """
                [?] Ready?
                  [Y] Ship it
                  [N] Stop
                Select: "maybe" is none of the choices
                Select: "" is none of the choices
                Select: [?] Ready?
                  [Y] Ship it
                  [N] Stop
                Select: \("")
                """)
        try pipe.fileHandleForWriting.write(contentsOf: Data("y".utf8))
        try pipe.fileHandleForWriting.close()
        #expect(await console.ask(Self.gate, complaint: nil)?.answer == .text("y"))
        #expect(await console.ask(Self.gate, complaint: nil)?.answer == .timeout)
    }

    @Test func `takes nothing from the pipe after the question was withdrawn`() async throws {
        let pipe = Pipe()
        let screen = Screen()
        let console = screen.console(on: pipe.fileHandleForReading.fileDescriptor)
        let task = Task { await console.ask(Self.gate, complaint: nil) }
        await screen.wait(for: "Select: ")
        task.cancel()
        #expect(await task.value == nil)
        #expect(screen.text.hasSuffix("(the question was withdrawn)\n"))
        try pipe.fileHandleForWriting.write(contentsOf: Data("n\n".utf8))
        #expect(await console.ask(Self.gate, complaint: nil)?.answer == .text("n"))
    }

    @Test func `on a terminal, what was typed before the question is no answer`() async throws {
        var (terminal, keyboard): (Int32, Int32) = (0, 0)
        try #require(openpty(&keyboard, &terminal, nil, nil, nil) == 0)
        defer { for descriptor in [terminal, keyboard] { close(descriptor) } }
        write(keyboard, "y\n", 2)
        let screen = Screen()
        let console = screen.console(on: terminal)
        let task = Task { await console.ask(Self.gate, complaint: "nobody answered") }
        await screen.wait(for: "Select: ")
        #expect(screen.text.hasPrefix("nobody answered\n"))
        write(keyboard, "n\n", 2)
        #expect(await task.value?.answer == .text("n"))
    }

    @Test func `asks what became of an attempt that nobody knows about`() async throws {
        let pipe = Pipe()
        let screen = Screen()
        let console = screen.console(on: pipe.fileHandleForReading.fileDescriptor)
        try pipe.fileHandleForWriting.write(contentsOf: Data("what\nF\n".utf8))
        #expect(await console.judge(Scene.attempt) == .fail)
        try pipe.fileHandleForWriting.close()
        #expect(await console.judge(Scene.attempt) == nil)
    }
}

/// What a console shows.
private final class Screen: Sendable {
    private let shown = Mutex("")

    var text: String { self.shown.withLock { $0 } }

    func console(on descriptor: Int32) -> ConsoleInterviewer {
        ConsoleInterviewer(LineReader(descriptor), person: "alice") { text in self.shown.withLock { $0 += text } }
    }

    func wait(for text: String) async {
        while !self.text.contains(text), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
    }
}
