import SQLiteStorage
import TrailsCore
import Vocabulary

/// The starts of the server since some event, oldest first.
///
/// A start makes every connected app a reconnecting one and moves deadlines, and writes none of their rows. So who
/// reads a row applies the starts that came after it, just as `ProcessTree` applied them.
struct Starts: Sendable {
    struct Start: Sendable {
        let event: Int64
        let at: Timestamp
        let until: Timestamp
        /// The latest `until` of this start and those after it.
        var latest: Timestamp
    }

    private var starts: [Start]

    init(_ starts: [Start]) {
        self.starts = starts
        for place in starts.indices.dropLast().reversed() {
            self.starts[place].latest = max(starts[place].until, self.starts[place + 1].latest)
        }
    }

    /// Makes of a row what it is now.
    func apply(to state: inout AppState, savedAt event: Int64) {
        guard state.status.isLive, let last = self.starts.last, last.event > event else { return }
        // The last start alone says since when an app is reconnecting; a deadline moves to the latest.
        let isReconnecting = state.presence == .attached && state.status != .lostContact
        state.restart(at: last.at, until: isReconnecting ? last.until : self.latest(after: event) ?? last.until)
    }

    /// Where the starts after `event` move a deadline to.
    func latest(after event: Int64) -> Timestamp? {
        self.starts.partitioningPoint { $0.event > event }.map { self.starts[$0].latest }
    }
}

extension Array {
    /// The first place from which on `isBeyond` holds; `nil` when it holds nowhere.
    fileprivate func partitioningPoint(_ isBeyond: (Element) -> Bool) -> Int? {
        var (low, high) = (self.startIndex, self.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low < self.endIndex ? low : nil
    }
}

extension SQLConnection {
    func starts(after event: Int64) throws(StorageError) -> Starts {
        Starts(
            try self.rows("SELECT event_id, at, until FROM starts WHERE event_id > ? ORDER BY event_id", event) {
                row throws(StorageError) in
                let (event, at, until) = (
                    try row.next(Int64.self), try row.next(Timestamp.self), try row.next(Timestamp.self)
                )
                return Starts.Start(event: event, at: at, until: until, latest: until)
            })
    }
}
