import Testing

@testable import PipelineRuntime

@Suite struct SupervisionTests {
    /// A process with a time limit of 10 s and a grace of 5 s.
    private var watched = Supervision(timeout: .seconds(10), grace: .seconds(5))
    private var sight = Supervision.Sight()

    @Test mutating func `is over when the process has ended and its output is read`() {
        self.sight.hasEnded = true
        self.sight.isGroupAlive = false
        #expect(self.watched.advance(self.sight, at: .seconds(1)) == nil)
        #expect(self.watched.phase == .draining(until: .seconds(1) + Supervision.drainMax))
        self.sight.isOutputOpen = false
        #expect(self.watched.advance(self.sight, at: .seconds(1)) == nil)
        #expect(self.watched.phase == .over)
        #expect(self.watched.cause == nil)
    }

    @Test mutating func `asks at the time limit, and forces after the grace`() {
        #expect(self.watched.nextLook(at: .zero) == .seconds(10))
        #expect(self.watched.advance(self.sight, at: .seconds(9)) == nil)
        #expect(self.watched.advance(self.sight, at: .seconds(10)) == .terminate)
        #expect(self.watched.cause == .timeLimit)
        #expect(self.watched.nextLook(at: .seconds(10)) == .seconds(15))
        #expect(self.watched.advance(self.sight, at: .seconds(14)) == nil)
        #expect(self.watched.advance(self.sight, at: .seconds(15)) == .kill)
        #expect(self.watched.advance(self.sight, at: .seconds(16)) == nil)
    }

    @Test mutating func `asks only once however often it is told to`() {
        self.sight.isStopWanted = true
        #expect(self.watched.advance(self.sight, at: .seconds(1)) == .terminate)
        #expect(self.watched.cause == .request)
        #expect(self.watched.advance(self.sight, at: .seconds(2)) == nil)
    }

    @Test mutating func `gives those that are left behind a moment, and then stops them`() {
        self.sight.hasEnded = true
        #expect(self.watched.advance(self.sight, at: .seconds(1)) == nil)
        #expect(self.watched.advance(self.sight, at: .seconds(1) + Supervision.lingerMax) == .terminate)
        #expect(self.watched.cause == nil)
        let killAt = Duration.seconds(6) + Supervision.lingerMax
        #expect(self.watched.advance(self.sight, at: killAt) == .kill)
    }

    @Test mutating func `does not wait for a zombie that nobody buries`() {
        self.sight.isStopWanted = true
        _ = self.watched.advance(self.sight, at: .seconds(1))
        _ = self.watched.advance(self.sight, at: .seconds(6))
        self.sight.hasEnded = true
        _ = self.watched.advance(self.sight, at: .seconds(7))
        #expect(self.watched.phase == .killed(until: .seconds(6) + Supervision.killMax))
        _ = self.watched.advance(self.sight, at: .seconds(9))
        _ = self.watched.advance(self.sight, at: .seconds(10))
        #expect(self.watched.phase == .over)
    }
}
