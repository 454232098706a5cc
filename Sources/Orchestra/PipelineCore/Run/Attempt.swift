/// Names one call of a node's handler, the same before and after a crash: run, node, visit and attempt.
///
/// Tools and back ends get it, so that what happens outside can be done once.
package struct AttemptKey: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { self.text }
}

/// One call of a node's handler.
package struct Attempt: Sendable, Hashable {
    package let node: NodeID
    package let handler: HandlerType
    /// Arrivals at the node, this one included.
    package let visit: Int
    /// In this visit, from 1.
    package let number: Int
    /// How many there may be in one visit.
    package let max: Int
    package let key: AttemptKey
    /// It happens in memory only, so it may begin before its record is on disk.
    package let isPure: Bool

    package init(
        node: NodeID, handler: HandlerType, visit: Int, number: Int, max: Int, key: AttemptKey, isPure: Bool
    ) {
        self.node = node
        self.handler = handler
        self.visit = visit
        self.number = number
        self.max = max
        self.key = key
        self.isPure = isPure
    }
}
