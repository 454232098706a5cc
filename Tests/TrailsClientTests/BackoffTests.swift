import Testing
import TrailsClient
import Vocabulary

@Suite struct `A pause between attempts` {
    @Test func `doubles from 100 ms up to the cap`() {
        var backoff = Backoff()
        let now = Timestamp(milliseconds: 0)
        let delays = (0..<8).map { _ in backoff.next(at: now, chance: 0).wholeMilliseconds }
        #expect(delays == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
    }

    @Test func `has the cap of 30 seconds once the outage is two minutes old`() {
        var backoff = Backoff()
        for _ in 0..<9 { _ = backoff.next(at: Timestamp(milliseconds: 0), chance: 0) }
        #expect(backoff.next(at: Timestamp(milliseconds: 119_999), chance: 0) == .seconds(5))
        #expect(backoff.next(at: Timestamp(milliseconds: 120_000), chance: 0) == .seconds(30))
    }

    @Test func `is longer by up to a half, by chance`() {
        var backoff = Backoff()
        #expect(backoff.next(at: Timestamp(milliseconds: 0), chance: 0.5) == .milliseconds(125))
        #expect(backoff.next(at: Timestamp(milliseconds: 0), chance: 0.999).wholeMilliseconds == 299)
    }

    @Test func `begins anew after a success`() {
        var backoff = Backoff()
        for _ in 0..<20 { _ = backoff.next(at: Timestamp(milliseconds: 0), chance: 0) }
        backoff.succeed()
        #expect(backoff.next(at: Timestamp(milliseconds: 500_000), chance: 0) == .milliseconds(100))
    }
}
