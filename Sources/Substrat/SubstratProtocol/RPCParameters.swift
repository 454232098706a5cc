package import Vocabulary

/// The parameters of a request, read by name. What is wrong with one is said with its name.
///
/// A parameter that is `null` is as one left out. One that the method does not know is refused: a word that is
/// mistyped, or of another version, must not be taken for none.
package struct RPCParameters: Sendable {
    private let object: JSONObject

    package init(_ object: JSONObject, of method: String, known: [String]) throws(RPCError) {
        for (key, value) in object where !known.contains(key) && !value.isNull {
            let names = known.isEmpty ? "it takes none" : "it takes \(known.joined(separator: ", "))"
            throw .invalid("\(method) has no parameter \(key.quotedForPeople())", hint: names)
        }
        self.object = object
    }

    /// What was given, whatever it is; `nil` for nothing.
    package func value(_ name: String) -> JSONValue? {
        guard let value = self.object[name], !value.isNull else { return nil }
        return value
    }

    package func optionalText(_ name: String) throws(RPCError) -> String? {
        guard let value = self.value(name) else { return nil }
        guard let text = value.string else { throw .invalid("\(name) must be a text") }
        return text
    }

    package func text(_ name: String) throws(RPCError) -> String {
        guard let text = try self.optionalText(name) else { throw .invalid("\(name) is missing") }
        return text
    }

    /// False where it is left out.
    package func flag(_ name: String) throws(RPCError) -> Bool {
        guard let value = self.value(name) else { return false }
        guard let flag = value.bool else { throw .invalid("\(name) must be true or false") }
        return flag
    }

    package func count(_ name: String, in range: ClosedRange<Int>, or usual: Int) throws(RPCError) -> Int {
        guard let value = self.value(name) else { return usual }
        guard let number = value.integer, let count = Int(exactly: number), range.contains(count) else {
            throw .invalid("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    /// A list of texts; it must be there.
    package func texts(_ name: String) throws(RPCError) -> [String] {
        guard let value = self.value(name) else { throw .invalid("\(name) is missing") }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count else { throw .invalid("\(name) must be a list of texts") }
        return texts
    }

    /// Empty where it is left out.
    package func object(_ name: String) throws(RPCError) -> JSONObject {
        guard let value = self.value(name) else { return [:] }
        guard let object = value.object else { throw .invalid("\(name) must be an object") }
        return object
    }
}
