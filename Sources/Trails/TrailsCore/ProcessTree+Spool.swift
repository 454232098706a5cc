import Vocabulary

/// What is known of a report that was found in the spool of an app, perhaps long after.
package struct SpoolPlace: Hashable, Sendable {
    /// How far beyond what is stored a number of a spool is believed; about what a client keeps unacknowledged.
    static let reachMax: Int64 = 1_024

    /// Where it was sent to, perhaps; `nil` when it was never sent.
    package struct Number: Hashable, Sendable {
        package let incarnation: Int
        package let seq: Int64

        package init(incarnation: Int, seq: Int64) {
            self.incarnation = incarnation
            self.seq = seq
        }
    }

    package var number: Number?
    /// Another message is stored under that number.
    var isTaken = false

    package init(number: Number? = nil) {
        self.number = number
    }
}

extension ProcessTree {
    /// Whether `report` belongs to an earlier life of the app: then it is history, and must not end this one.
    ///
    /// The signature is over the time and not over the number. So a number can only show that a report is old, and
    /// what is older than this life counts as old although the clocks may differ.
    func isOfEarlierLife(_ report: IncomingReport, _ state: AppState) -> Bool {
        guard let place = report.spool else { return false }
        if let number = place.number, number.incarnation != state.incarnation { return true }
        guard state.incarnation > 1, let registeredAt = state.registeredAt else { return false }
        return report.timestamp < registeredAt
    }

    /// The number under which a report from a spool is stored: the one it was sent under, if that is free and near.
    func spooledNumber(of place: SpoolPlace, _ state: AppState, after sequence: SequenceSet) -> Int64 {
        let next = sequence.highest + 1
        guard let number = place.number, number.incarnation == state.incarnation, !place.isTaken, number.seq > 0,
            number.seq - sequence.highest <= SpoolPlace.reachMax
        else { return next }
        return number.seq
    }
}

extension IncomingReport {
    /// Takes what the store holds under the number it was sent under: this message, or another, that has taken it.
    package mutating func takeNumbered(_ stored: Report?) {
        guard let stored, self.stored == nil else { return }
        if stored.isTombstone || self.saysTheSame(as: stored) {
            self.stored = stored
        } else {
            self.spool?.isTaken = true
        }
    }

    func saysTheSame(as stored: Report) -> Bool {
        stored.app == self.app && stored.kind == self.kind && stored.payload == self.payload
    }
}
