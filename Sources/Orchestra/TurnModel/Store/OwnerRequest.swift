package import Vocabulary

/// Names a request: from 1, in the order in which the store took them.
package struct RequestID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    package var description: String { "\(self.number)" }
}

/// What one process asks of the owner of a context: to pause, to cancel, to take an answer.
package struct NewRequest: Hashable, Sendable {
    package var context: ContextID
    /// A word that the owner knows, as `pause`.
    package var kind: String
    package var body: [UInt8]
    /// The same key again is the same request.
    package var key: IdempotencyKey

    package init(context: ContextID, kind: String, body: [UInt8] = [], key: IdempotencyKey) {
        self.context = context
        self.kind = kind
        self.body = body
        self.key = key
    }
}

/// A request as the store has it: there until it is settled, whoever crashes.
package struct OwnerRequest: Hashable, Sendable {
    package let id: RequestID
    package let context: ContextID
    package let kind: String
    package let body: [UInt8]
    package let postedAt: Timestamp
    package var settledAt: Timestamp?
    /// `nil` until it is settled.
    package var answer: [UInt8]?

    package init(
        id: RequestID, context: ContextID, kind: String, body: [UInt8], postedAt: Timestamp, settledAt: Timestamp?,
        answer: [UInt8]?
    ) {
        self.id = id
        self.context = context
        self.kind = kind
        self.body = body
        self.postedAt = postedAt
        self.settledAt = settledAt
        self.answer = answer
    }
}

/// The owner's last word about a request.
package struct Settlement: Hashable, Sendable {
    package var request: RequestID
    package var answer: [UInt8]

    package init(_ request: RequestID, answer: [UInt8] = []) {
        self.request = request
        self.answer = answer
    }
}
