import EventLog
import Synchronization

/// How far each log has come, how much of it a start could pass over, and who waits for more of it.
///
/// A log is folded again when it has grown by `foldAfter` events, or by a quarter if that is more: what is written to
/// fold it stays in proportion to what is in it.
final class LogProgress: Sendable {
    private struct Page {
        /// The number of the last event.
        var last: UInt64 = 0
        /// Up to which event a start need not read.
        var folded: UInt64 = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private struct State {
        var pages: [LogID: Page] = [:]
        var count = 0
        var isOver = false
        /// Those who stopped waiting before they began to.
        var gone: Set<Int> = []
    }

    private let foldAfter: UInt64
    private let state = Mutex(State())

    init(foldAfter: Int) {
        self.foldAfter = UInt64(max(1, foldAfter))
    }

    /// A log as a start has found it.
    func found(_ log: LogID, last: UInt64, folded: UInt64) {
        self.state.withLock { $0.pages[log] = Page(last: last, folded: folded) }
    }

    /// Events are durable. Says which logs are to be folded now, and counts them as folded.
    func grown(_ entries: [LogEntry], _ numbers: [UInt64]) -> [(log: LogID, last: UInt64)] {
        let (due, waiters) = self.state.withLock { state in
            var grown: Set<LogID> = []
            for (entry, number) in zip(entries, numbers) {
                state.pages[entry.log, default: Page()].last = number
                grown.insert(entry.log)
            }
            var (due, waiters): ([(LogID, UInt64)], [CheckedContinuation<Void, Never>]) = ([], [])
            for log in grown {
                waiters += state.pages[log]?.waiters.values.map { $0 } ?? []
                state.pages[log]?.waiters = [:]
                guard let page = state.pages[log],
                    page.last >= page.folded + max(self.foldAfter, page.folded / 4)
                else { continue }
                state.pages[log]?.folded = page.last
                due.append((log, page.last))
            }
            return (due, waiters)
        }
        for waiter in waiters { waiter.resume() }
        return due
    }

    /// The logs that a next start would have much to read of.
    func behind(by count: Int) -> [(log: LogID, last: UInt64)] {
        self.state.withLock { state in
            state.pages.filter { $0.value.last >= $0.value.folded + UInt64(count) }.map { ($0.key, $0.value.last) }
        }
    }

    /// The log is gone.
    func forget(_ log: LogID) {
        let waiters = self.state.withLock { $0.pages.removeValue(forKey: log)?.waiters.values.map { $0 } ?? [] }
        for waiter in waiters { waiter.resume() }
    }

    /// The number of the last event of a log.
    func last(of log: LogID) -> UInt64 { self.state.withLock { $0.pages[log]?.last ?? 0 } }

    /// Up to which event the log is folded.
    func folded(of log: LogID) -> UInt64 { self.state.withLock { $0.pages[log]?.folded ?? 0 } }

    /// Returns when the log has an event after number `last`, when the host ends, or when the task is cancelled.
    func wait(for log: LogID, after last: UInt64) async {
        let ticket = self.state.withLock { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isOver = self.state.withLock { state in
                    let page = state.pages[log] ?? Page()
                    if state.gone.remove(ticket) != nil || state.isOver || page.last > last { return true }
                    state.pages[log, default: page].waiters[ticket] = waiter
                    return false
                }
                if isOver { waiter.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                let waiter = state.pages[log]?.waiters.removeValue(forKey: ticket)
                if waiter == nil { state.gone.insert(ticket) }
                return waiter
            }
            waiter?.resume()
        }
        self.state.withLock { _ = $0.gone.remove(ticket) }
    }

    /// Nobody waits any more.
    func end() {
        let waiters = self.state.withLock { state in
            state.isOver = true
            let waiters = state.pages.values.flatMap(\.waiters.values)
            for log in state.pages.keys { state.pages[log]?.waiters = [:] }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
