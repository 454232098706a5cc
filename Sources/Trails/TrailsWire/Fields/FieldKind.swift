internal import Vocabulary

/// What a member must be, and how it is read.
package struct FieldKind<Value: Sendable>: Sendable {
    let read: @Sendable (JSONValue) throws(FrameError) -> Value

    init(_ read: @escaping @Sendable (JSONValue) throws(FrameError) -> Value) {
        self.read = read
    }

    /// A kind whose values are some strings: those that `parse` takes.
    init(_ name: String, parse: @escaping @Sendable (String) -> Value?) {
        self.read = { value throws(FrameError) in
            guard let text = value.string else { throw .mustBe(name, not: value) }
            guard let parsed = parse(text) else { throw FrameError(.badMessage, "is not \(name)") }
            return parsed
        }
    }
}

extension FrameError {
    static func mustBe(_ what: String, not value: JSONValue) -> Self {
        Self(.badMessage, "must be \(what), not \(value.kindName)")
    }
}

extension JSONValue {
    /// What kind of value this is, for people.
    var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension FieldKind {
    /// A record of its own.
    static func record(_ type: Value.Type) -> Self where Value: WireRecord {
        Self { value throws(FrameError) in
            guard let object = value.object else { throw .mustBe("an object", not: value) }
            return try Value(reading: FieldReader(object))
        }
    }

    /// One of the words that are the raw values of `type`.
    static func word(_ type: Value.Type) -> Self where Value: CaseIterable & RawRepresentable<String> {
        Self { value throws(FrameError) in
            guard let text = value.string else { throw .mustBe("a string", not: value) }
            guard let word = Value(rawValue: text) else {
                let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
                throw FrameError(.badMessage, "is not one of \(words)")
            }
            return word
        }
    }

    /// An array of at most `countMax` elements of `kind`.
    static func list<Element>(_ kind: FieldKind<Element>, countMax: Int) -> Self where Value == [Element] {
        Self { value throws(FrameError) in
            guard let elements = value.array else { throw .mustBe("an array", not: value) }
            guard elements.count <= countMax else {
                throw FrameError(.badMessage, "has \(elements.count) elements, more than \(countMax)")
            }
            var list: [Element] = []
            list.reserveCapacity(elements.count)
            for (place, element) in elements.enumerated() {
                do throws(FrameError) {
                    list.append(try kind.read(element))
                } catch {
                    throw error.inside("[\(place)]")
                }
            }
            return list
        }
    }
}

extension FieldKind<JSONValue> {
    /// Anything, `null` too.
    static let any = Self { value throws(FrameError) in value }
}

extension FieldKind<Bool> {
    static let bool = Self { value throws(FrameError) in
        guard let bool = value.bool else { throw .mustBe("a boolean", not: value) }
        return bool
    }
}

extension FieldKind<Double> {
    static let number = Self { value throws(FrameError) in
        guard let number = value.number else { throw .mustBe("a number", not: value) }
        return number
    }
}

extension FieldKind<JSONObject> {
    /// Any object.
    static let object = Self { value throws(FrameError) in
        guard let object = value.object else { throw .mustBe("an object", not: value) }
        return object
    }

    /// An object of at most `WireLimits.labelsMax` members and `WireLimits.labelBytesMax` bytes: tags and filters.
    static let labels = Self { value throws(FrameError) in
        let labels = try Self.object.read(value)
        guard labels.count <= WireLimits.labelsMax else {
            throw FrameError(.badMessage, "has \(labels.count) members, more than \(WireLimits.labelsMax)")
        }
        try WireLimits.check(value, bytesMax: WireLimits.labelBytesMax)
        return labels
    }

    /// An object of at most `WireLimits.factBytesMax` bytes.
    static let facts = Self { value throws(FrameError) in
        let facts = try Self.object.read(value)
        try WireLimits.check(value, bytesMax: WireLimits.factBytesMax)
        return facts
    }
}
