import HeapModule
import NIOCore
import Synchronization
import TrailsCore
import Vocabulary

/// Wakes the writer when a deadline may have come. Early or double alarms do no harm: the tree looks again.
final class AlarmClock: Sendable {
    private let eventLoop: any EventLoop
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    private struct State {
        var alarms = Heap<Entry>()
        /// When the event loop calls next.
        var armed: Timestamp?
        var ring: (@Sendable ([Alarm]) -> Void)?
    }

    private struct Entry: Comparable {
        var moment: Timestamp
        var alarm: Alarm

        static func < (left: Self, right: Self) -> Bool { left.moment < right.moment }
        static func == (left: Self, right: Self) -> Bool { left.moment == right.moment }
    }

    init(on eventLoop: any EventLoop, now: @escaping @Sendable () -> Timestamp) {
        self.eventLoop = eventLoop
        self.now = now
    }

    /// Calls `ring`, from now on, with what is due.
    func start(_ ring: @escaping @Sendable ([Alarm]) -> Void) {
        self.state.withLock { $0.ring = ring }
        self.arm()
    }

    func set(_ alarm: Alarm, at moment: Timestamp) {
        let isSooner = self.state.withLock { state in
            state.alarms.insert(Entry(moment: moment, alarm: alarm))
            return state.ring != nil && state.armed.map { moment < $0 } ?? true
        }
        if isSooner { self.arm() }
    }

    /// Sets the alarms among `effects`.
    func set(_ effects: [Effect]) {
        let entries = effects.compactMap { effect -> Entry? in
            if case .wake(let alarm, let moment) = effect { Entry(moment: moment, alarm: alarm) } else { nil }
        }
        guard !entries.isEmpty else { return }
        self.state.withLock { $0.alarms.insert(contentsOf: entries) }
        self.arm()
    }

    private func arm() {
        let moment: Timestamp? = self.state.withLock { state in
            guard state.ring != nil, let first = state.alarms.min?.moment else { return nil }
            if let armed = state.armed, armed <= first { return nil }
            state.armed = first
            return first
        }
        guard let moment else { return }
        let wait = max(0, moment.milliseconds - self.now().milliseconds)
        self.eventLoop.scheduleTask(in: .milliseconds(wait)) { self.fire() }
    }

    private func fire() {
        let time = self.now()
        let (due, ring) = self.state.withLock { state in
            state.armed = nil
            var due: [Alarm] = []
            while let first = state.alarms.min, first.moment <= time {
                due.append(state.alarms.removeMin().alarm)
            }
            return (due, state.ring)
        }
        if !due.isEmpty { ring?(due) }
        self.arm()
    }
}
