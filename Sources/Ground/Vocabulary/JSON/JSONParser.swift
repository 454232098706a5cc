/// Reads one JSON document from UTF-8 bytes (RFC 8259), strictly and in one pass.
///
/// Arrays and objects are read by recursion, at most `limits.depth` deep. Bytes are read through `byte`, or behind a
/// comparison of `position` with `bytes.count`: release builds do not check the subscript of an unsafe buffer.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSONLimits
    var position = 0
    /// Where a string with escapes is put together.
    var scratch: [UInt8] = []
    private var depth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// Reads the whole document.
    mutating func document() throws(JSONError) -> JSONValue {
        guard self.bytes.count <= self.limits.bytes.bytes else {
            throw self.error(.tooLong, "more than \(self.limits.bytes) of JSON", at: self.limits.bytes.bytes)
        }
        self.skipSpace()
        let value = try self.value()
        self.skipSpace()
        guard self.position == self.bytes.count else {
            throw self.error(.trailingCharacters, "\(self.nameOfByte) after the end of the document")
        }
        return value
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        switch self.byte {
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "{"): return .object(try self.object())
        case UInt8(ascii: "["): return .array(try self.array())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try self.number()
        case UInt8(ascii: "t") where self.skip("true"): return .bool(true)
        case UInt8(ascii: "f") where self.skip("false"): return .bool(false)
        case UInt8(ascii: "n") where self.skip("null"): return .null
        default: throw self.unexpected(insteadOf: "a value")
        }
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        try self.descend()
        var object = JSONObject()
        if !self.skip(UInt8(ascii: "}")) {
            // As many as most have: so it does not move while it grows.
            object.reserveCapacity(6)
            repeat {
                self.skipSpace()
                try self.member(of: &object)
                self.skipSpace()
            } while self.skip(UInt8(ascii: ","))
            guard self.skip(UInt8(ascii: "}")) else { throw self.unexpected(insteadOf: "a comma or }") }
        }
        self.depth -= 1
        return object
    }

    private mutating func member(of object: inout JSONObject) throws(JSONError) {
        let start = self.position
        guard self.byte == UInt8(ascii: "\"") else { throw self.unexpected(insteadOf: "a key") }
        let key = try self.string()
        self.skipSpace()
        guard self.skip(UInt8(ascii: ":")) else { throw self.unexpected(insteadOf: "a colon") }
        self.skipSpace()
        let value = try self.value()
        guard object.append(key, value) else {
            throw self.error(.duplicateKey, "duplicate key \(key.quotedForPeople())", at: start)
        }
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        try self.descend()
        var elements: [JSONValue] = []
        if !self.skip(UInt8(ascii: "]")) {
            repeat {
                self.skipSpace()
                elements.append(try self.value())
                self.skipSpace()
            } while self.skip(UInt8(ascii: ","))
            guard self.skip(UInt8(ascii: "]")) else { throw self.unexpected(insteadOf: "a comma or ]") }
        }
        self.depth -= 1
        return elements
    }

    /// Steps over an opening bracket and the space after it.
    private mutating func descend() throws(JSONError) {
        guard self.depth < self.limits.depth else {
            throw self.error(.tooDeep, "nesting deeper than \(self.limits.depth)")
        }
        self.depth += 1
        self.position += 1
        self.skipSpace()
    }
}

extension JSONParser {
    /// The byte at hand; 0 at the end, which no rule accepts outside a string either.
    var byte: UInt8 { self.position < self.bytes.count ? self.bytes[self.position] : 0 }

    mutating func skipSpace() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): self.position += 1
            default: return
            }
        }
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard self.byte == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        guard self.bytes.count - self.position >= word.utf8CodeUnitCount else { return false }
        for place in 0..<word.utf8CodeUnitCount where self.bytes[self.position + place] != word.utf8Start[place] {
            return false
        }
        self.position += word.utf8CodeUnitCount
        return true
    }
}
