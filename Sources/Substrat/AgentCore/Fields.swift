package import Vocabulary

/// A member of an event's data that must be there and is not, or is something else.
package struct FieldError: Error, Hashable, Sendable {
    package let field: String
}

/// The members of an event's data, read with forgiveness: unknown ones are not looked at.
struct Fields {
    let data: JSONValue

    func id<Of>(_ name: String) throws(FieldError) -> Identifier<Of> {
        guard let id: Identifier<Of> = self.optionalID(name) else { throw FieldError(field: name) }
        return id
    }

    func optionalID<Of>(_ name: String) -> Identifier<Of>? {
        self.data[name]?.string.flatMap(Identifier<Of>.init(hexOrDashed:))
    }

    func needed(_ name: String) throws(FieldError) -> String {
        guard let text = self.text(name) else { throw FieldError(field: name) }
        return text
    }

    /// What is there and is not `null`.
    func value(_ name: String) -> JSONValue? {
        guard let value = self.data[name], !value.isNull else { return Optional.none }
        return value
    }

    func text(_ name: String) -> String? { self.data[name]?.string }
    func flag(_ name: String) -> Bool { self.data[name]?.bool ?? false }
    func number(_ name: String) -> Int? { self.data[name]?.integer.flatMap(Int.init(exactly:)) }
    func moment(_ name: String) -> Timestamp? { self.text(name).flatMap(Timestamp.init) }

    func duration(_ name: String) -> Duration? {
        guard let seconds = self.data[name]?.number, seconds >= 0.001, seconds <= 3.2e9 else { return nil }
        return .milliseconds(Int64((seconds * 1_000).rounded()))
    }

    func ids<Of>(_ name: String) -> [Identifier<Of>] {
        (self.data[name]?.array ?? []).compactMap { $0.string.flatMap(Identifier<Of>.init(hexOrDashed:)) }
    }

    /// A map from text to text; members that are something else are taken as their JSON.
    func strings(_ name: String) -> [String: String] {
        var found: [String: String] = [:]
        for (key, value) in self.data[name]?.object ?? [:] { found[key] = value.string ?? value.text }
        return found
    }
}

extension JSONObject {
    /// Members in the order of their keys, so that the same map is the same text.
    static func strings(_ map: [String: String]) -> JSONObject {
        var object: JSONObject = [:]
        for (key, value) in map.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        return object
    }
}

extension Timestamp {
    /// As in logs: `2026-03-01T10:00:00.123000+00:00`.
    package var logText: String {
        let text = self.description.dropLast()
        return text.contains(".") ? "\(text)000+00:00" : "\(text).000000+00:00"
    }
}

extension Duration {
    /// Seconds, with a fraction where there is one.
    var secondsJSON: JSONValue {
        let milliseconds = self.wholeMilliseconds
        return milliseconds.isMultiple(of: 1_000)
            ? .integer(milliseconds / 1_000) : .double(Double(milliseconds) / 1_000)
    }
}
