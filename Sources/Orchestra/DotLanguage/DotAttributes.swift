/// Attributes by key, in the order in which each key was first written.
package struct DotAttributes: Sendable, Equatable, ExpressibleByArrayLiteral {
    /// How many one node, edge or graph may have; what a file writes beyond that is refused.
    package static let countMax = 256

    package private(set) var all: [DotAttribute] = []

    package init(arrayLiteral elements: DotAttribute...) {
        for element in elements { self.set(element) }
    }

    package subscript(key: String) -> DotAttribute? { self.all.first { $0.key == key } }

    /// The later wins; the place of the first is kept.
    package mutating func set(_ attribute: DotAttribute) {
        if let place = self.all.firstIndex(where: { $0.key == attribute.key }) {
            self.all[place] = attribute
        } else {
            self.all.append(attribute)
        }
    }

    /// Sets all of `others`, in their order.
    package mutating func merge(_ others: DotAttributes) {
        if self.all.isEmpty {
            self = others
        } else {
            for attribute in others.all { self.set(attribute) }
        }
    }
}

/// One `key=value`.
package struct DotAttribute: Sendable, Equatable {
    package var key: String
    package var value: DotValue
    package var isKeyQuoted: Bool
    package var keyRange: SourceRange
    package var valueRange: SourceRange

    package init(
        key: String, value: DotValue, isKeyQuoted: Bool = false, keyRange: SourceRange = .none,
        valueRange: SourceRange = .none
    ) {
        self.key = key
        self.value = value
        self.isKeyQuoted = isKeyQuoted
        self.keyRange = keyRange
        self.valueRange = valueRange
    }
}

/// A value as it was written.
package enum DotValue: Sendable, Equatable {
    /// Quoted, decoded.
    case string(String)
    case bare(String)
    case integer(Int64)
    case float(Double, text: String)
    case boolean(Bool)
    case duration(Duration, text: String)

    /// The value as text, as it would read in quotes: what attributes of type text take.
    package var text: String {
        switch self {
        case .string(let text), .bare(let text), .float(_, let text), .duration(_, let text): text
        case .integer(let number): String(number)
        case .boolean(let isTrue): isTrue ? "true" : "false"
        }
    }
}
