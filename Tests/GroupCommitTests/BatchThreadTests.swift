import Glibc
import Synchronization
import Testing

@testable import GroupCommit

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

    @Test
    func `processes what was left on the thread that is lent`() {
        let threads = Mutex<[(pthread_t, [Int])]>([])
        let thread = BatchThread<Int>(name: "test") { batch in threads.withLock { $0.append((pthread_self(), batch)) } }
        #expect(thread.leave(contentsOf: [1, 2]) == .first)
        #expect(thread.leave(contentsOf: [3]) == .expected)
        #expect(threads.withLock { $0.isEmpty })
        thread.lend()
        threads.withLock { batches in
            #expect(batches.map(\.1) == [[1, 2, 3]])
            #expect(batches.allSatisfy { pthread_equal($0.0, pthread_self()) != 0 })
        }
        thread.lend()
        #expect(thread.leave(contentsOf: [4]) == .first)
        thread.stop()
        #expect(threads.withLock { $0.last?.1 } == [4])
        #expect(thread.leave(contentsOf: [5]) == .refused)
    }

    @Test
    func `takes no loan while batches take long`() {
        var pace = Pace()
        for _ in 0..<5 { pace.note(.milliseconds(20)) }
        #expect(pace.isSlow)
        pace.note(.milliseconds(1))
        #expect(pace.isSlow)
        for _ in 0..<20 { pace.note(.milliseconds(1)) }
        #expect(!pace.isSlow)
        // One long batch, as when the log is moved into the file, changes nothing.
        pace.note(.milliseconds(20))
        #expect(!pace.isSlow)
    }

    @Test
    func `loses nothing and is never at work twice when some submit and some lend`() async {
        let log = Log()
        let isAtWork = Mutex(false)
        let thread = BatchThread<Int>(name: "test", batchMax: 50) { batch in
            #expect(isAtWork.withLock { $0.exchange(true) } == false)
            log.add(batch)
            #expect(isAtWork.withLock { $0.exchange(false) } == true)
        }
        await withTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask {
                    for number in 0..<2_000 {
                        let job = sender * 2_000 + number
                        if sender.isMultiple(of: 2) {
                            #expect(thread.submit(job))
                        } else if thread.leave(contentsOf: [job]) == .first {
                            thread.lend()
                        }
                    }
                }
            }
        }
        thread.stop()
        let all = log.all.flatMap(\.self)
        #expect(all.sorted() == Array(0..<16_000))
        for sender in 0..<8 {
            let own = all.filter { $0 / 2_000 == sender }
            #expect(own == own.sorted())
        }
    }
}

extension Bool {
    /// Takes the value `new` and answers the one before.
    fileprivate mutating func exchange(_ new: Bool) -> Bool {
        defer { self = new }
        return self
    }
}
