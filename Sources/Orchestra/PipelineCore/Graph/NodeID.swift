/// Names a node of a pipeline, as its file does.
package struct NodeID: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

extension NodeID: Comparable {
    /// By the bytes of UTF-8, so that it means the same on every machine.
    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension NodeID: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }
}

extension NodeID: CustomStringConvertible {
    package var description: String { self.text }
}
