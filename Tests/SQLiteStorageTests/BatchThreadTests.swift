import SQLiteStorage
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10)))
struct BatchThreadTests {
    /// What a thread was given, batch by batch.
    final class Log: Sendable {
        private let batches = Mutex<[[Int]]>([])

        func add(_ batch: [Int]) { self.batches.withLock { $0.append(batch) } }
        var all: [[Int]] { self.batches.withLock { $0 } }
    }

    /// Holds a thread up until it is opened.
    final class Gate: Sendable {
        private let lock = Mutex(false)

        func open() { self.lock.withLock { $0 = true } }
        func pass() { while !self.lock.withLock({ $0 }) {} }
    }

    @Test
    func `processes every job in the order in which they were accepted`() {
        let log = Log()
        let thread = BatchThread<Int>(name: "test") { log.add($0) }
        for number in 0..<10_000 { #expect(thread.submit(number)) }
        thread.stop()
        #expect(log.all.flatMap(\.self) == Array(0..<10_000))
    }

    @Test
    func `takes what gathered during one batch as the next`() {
        let (log, gate) = (Log(), Gate())
        let thread = BatchThread<Int>(name: "test", batchMax: 100) { batch in
            gate.pass()
            log.add(batch)
        }
        #expect(thread.submit(0))
        while thread.waitingCount > 0 {}
        for number in 1...250 { #expect(thread.submit(number)) }
        gate.open()
        thread.stop()
        #expect(log.all.map(\.count) == [1, 100, 100, 50])
    }

    @Test
    func `refuses what would not fit, all or nothing`() {
        let (log, gate) = (Log(), Gate())
        let thread = BatchThread<Int>(name: "test", waitingMax: 3) { batch in
            gate.pass()
            log.add(batch)
        }
        #expect(thread.submit(0))
        while thread.waitingCount > 0 {}
        #expect(thread.submit(contentsOf: [1, 2]))
        #expect(!thread.submit(contentsOf: [3, 4]))
        #expect(thread.submit(3))
        #expect(!thread.submit(4))
        gate.open()
        thread.stop()
        #expect(log.all.flatMap(\.self) == [0, 1, 2, 3])
        #expect(!thread.submit(5))
    }

    @Test
    func `loses nothing when many submit at once`() async {
        let log = Log()
        let thread = BatchThread<Int>(name: "test") { log.add($0) }
        await withTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask {
                    for number in 0..<2_000 { #expect(thread.submit(sender * 2_000 + number)) }
                }
            }
        }
        thread.stop()
        #expect(log.all.flatMap(\.self).sorted() == Array(0..<16_000))
    }

    @Test
    func `stops twice, and when idle`() {
        let thread = BatchThread<Int>(name: "test") { _ in }
        thread.stop()
        thread.stop()
        #expect(!thread.submit(1))
    }
}
