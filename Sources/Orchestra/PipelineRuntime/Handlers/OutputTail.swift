import Synchronization
import Vocabulary

/// Tells the newest lines of a program that runs, now and then: however much it writes, nobody is flooded.
final class OutputTail: Sendable {
    /// Bytes that are looked at.
    private static let bytesMax = 2_048
    private static let linesMax = 5

    private struct State {
        var bytes: [UInt8] = []
        var toldAt: ContinuousClock.Instant?
    }

    private let pause: Duration
    private let redaction: Redaction
    private let report: @Sendable (HandlerReport) -> Void
    private let state = Mutex(State())

    init(every pause: Duration, redaction: Redaction, report: @escaping @Sendable (HandlerReport) -> Void) {
        self.pause = pause
        self.redaction = redaction
        self.report = report
    }

    func hear(_ bytes: ArraySlice<UInt8>) {
        let now = ContinuousClock.now
        let text = self.state.withLock { state -> String? in
            state.bytes += bytes.suffix(Self.bytesMax)
            if state.bytes.count > 2 * Self.bytesMax { state.bytes = Array(state.bytes.suffix(Self.bytesMax)) }
            if let last = state.toldAt, now - last < self.pause { return nil }
            state.toldAt = now
            return String(decoding: state.bytes, as: UTF8.self)
        }
        guard let text else { return }
        let lines = self.redaction.redact(text).split(whereSeparator: \.isNewline).suffix(Self.linesMax)
        self.report(.output(lines.map(String.init)))
    }
}
