import Dispatch
import Foundation
import PipelineRuntime
import Synchronization
import TurnModel
import Vocabulary

/// A run on a terminal, as it goes on.
///
/// Nothing of the terminal is changed for longer than one write: whatever ends this program, no cursor stays hidden and
/// no mode stays set. The size is asked for at each drawing, so a window may change at any time. While a person is
/// asked something, nothing is drawn.
final class LiveScreen: RunObserver {
    private struct State {
        var board: ProgressBoard
        /// How long the lines are that are drawn now.
        var drawn: [Int] = []
        var questions = 0
        var isClosed = false
        var timer: (any DispatchSourceTimer)?
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Timestamp

    /// Between two drawings.
    static let pause = Duration.milliseconds(100)

    init(displayID: DisplayID? = nil, now: @escaping @Sendable () -> Timestamp = RunWorld().now) {
        self.state = Mutex(State(board: ProgressBoard(hasColor: Self.hasColor, displayID: displayID)))
        self.now = now
    }

    /// Whether standard output is a terminal that can be drawn on.
    static var isPossible: Bool {
        let terminal = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return Output.isTerminal && !terminal.isEmpty && terminal != "dumb"
    }

    /// As no-color.org wants it.
    private static var hasColor: Bool { (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty }

    func observe(_ event: RunEvent) {
        Output.show(on: self)
        self.state.withLock { state in
            self.start(&state)
            let line = state.board.take(event)
            if let line { self.draw(&state, after: line + "\n") } else if state.board.isIdle { self.draw(&state) }
        }
    }

    /// Writes something of another kind, above the nodes at work.
    func around(_ write: () -> Void) {
        self.state.withLock { state in
            self.erase(&state)
            write()
            self.draw(&state)
        }
    }

    /// A person is asked: draws nothing until `body` is done.
    func still<Value>(_ body: () async -> Value) async -> Value {
        self.state.withLock { state in
            self.erase(&state)
            state.questions += 1
        }
        let value = await body()
        self.state.withLock { state in
            state.questions -= 1
            self.draw(&state)
        }
        return value
    }

    /// Leaves the terminal with the lines that stay, the cursor below them.
    func close() {
        self.state.withLock { state in
            self.erase(&state)
            state.isClosed = true
            state.timer?.cancel()
            state.timer = nil
        }
    }

    private func start(_ state: inout State) {
        guard state.timer == nil, !state.isClosed else { return }
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "orchestra.screen"))
        timer.schedule(deadline: .now() + 0.1, repeating: 0.1)
        timer.setEventHandler { [weak self] in
            self?.state.withLock { state in
                if !state.board.isIdle { self?.draw(&state) }
            }
        }
        timer.resume()
        state.timer = timer
    }

    private func erase(_ state: inout State) {
        let text = Self.erasing(state.drawn, width: Self.size.width)
        state.drawn = []
        if !text.isEmpty { Output.screen(text) }
    }

    /// Draws anew in the place of what is there, below `text`; all in one write.
    private func draw(_ state: inout State, after text: String = "") {
        let size = Self.size
        var all = Self.erasing(state.drawn, width: size.width) + text
        state.drawn = []
        if state.questions == 0, !state.isClosed {
            let lines = state.board.lines(width: size.width, height: size.height, at: self.now())
            // No line may wrap, however wide its characters are.
            if !lines.isEmpty { all += "\u{1B}[?7l" + lines.map { $0.text + "\n" }.joined() + "\u{1B}[?7h" }
            state.drawn = lines.map(\.length)
        }
        if !all.isEmpty { Output.screen(all) }
    }

    /// Goes back up over lines of these lengths. A terminal that has become narrower may have wrapped them.
    private static func erasing(_ drawn: [Int], width: Int) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + width - 1) / width) }
        return rows == 0 ? "" : "\r\u{1B}[\(rows)A\u{1B}[J"
    }

    private static var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
