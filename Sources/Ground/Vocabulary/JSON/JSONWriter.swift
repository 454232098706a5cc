/// Appends values as JSON text to `output`. It descends as deep as the value does.
struct JSONWriter {
    /// Room for what most values take, so that it seldom moves while it grows.
    static let capacity = 256

    var output: [UInt8] = []
    var sortsKeys = false
    /// Whether numbers are written as ECMAScript would (RFC 8785), which takes `.0` from whole doubles.
    var isCanonical = false
    /// Whether every member and element gets a line of its own.
    var isPretty = false
    private var depth = 0

    init(sortsKeys: Bool = false, isCanonical: Bool = false, isPretty: Bool = false) {
        self.sortsKeys = sortsKeys
        self.isCanonical = isCanonical
        self.isPretty = isPretty
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: self.writeRaw("null")
        case .bool(let value): self.writeRaw(value ? "true" : "false")
        case .integer(let value): self.write(value)
        case .double(let value): self.write(value)
        case .string(let value): self.write(value)
        case .array(let value): self.write(value)
        case .object(let value): self.write(value)
        }
    }

    private mutating func write(_ elements: [JSONValue]) {
        self.writeList(elements, between: "[", and: "]") { writer, element in writer.write(element) }
    }

    private mutating func write(_ object: JSONObject) {
        let colon: StaticString = self.isPretty ? ": " : ":"
        guard self.sortsKeys else {
            return self.writeList(object, between: "{", and: "}") { writer, member in
                writer.write(member.key)
                writer.writeRaw(colon)
                writer.write(member.value)
            }
        }
        let order = object.indices.sorted { object[$0].key.precedesInUTF16(object[$1].key) }
        self.writeList(order, between: "{", and: "}") { writer, place in
            writer.write(object[place].key)
            writer.writeRaw(colon)
            writer.write(object[place].value)
        }
    }

    private mutating func writeList<List: Collection>(
        _ list: List, between open: StaticString, and close: StaticString, item: (inout Self, List.Element) -> Void
    ) {
        self.writeRaw(open)
        self.depth += 1
        var isFirst = true
        for element in list {
            if !isFirst { self.output.append(UInt8(ascii: ",")) }
            isFirst = false
            self.breakLine()
            item(&self, element)
        }
        self.depth -= 1
        if !isFirst { self.breakLine() }
        self.writeRaw(close)
    }

    private mutating func breakLine() {
        guard self.isPretty else { return }
        self.output.append(UInt8(ascii: "\n"))
        self.output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * self.depth))
    }

    private mutating func writeRaw(_ word: StaticString) {
        word.withUTF8Buffer { self.output.append(contentsOf: $0) }
    }
}

extension JSONWriter {
    private mutating func write(_ value: Int64) {
        self.output.append(contentsOf: String(value).utf8)
    }

    /// A double that is not finite has no JSON form; like ECMAScript, this writes `null` for it.
    private mutating func write(_ value: Double) {
        guard value.isFinite else { return self.writeRaw("null") }
        if self.isCanonical {
            self.output.append(contentsOf: ECMAScriptNumber.bytes(of: value))
        } else {
            self.output.append(contentsOf: value.description.utf8)
        }
    }

    /// Escapes what RFC 8785, section 3.2.2.2, escapes, and nothing else.
    private mutating func write(_ text: String) {
        self.output.append(UInt8(ascii: "\""))
        text.withBytes { bytes in
            var start = 0
            for position in bytes.indices {
                let byte = bytes[position]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                self.output.append(contentsOf: bytes[start..<position])
                self.writeEscape(of: byte)
                start = position + 1
            }
            self.output.append(contentsOf: bytes[start...])
        }
        self.output.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscape(of byte: UInt8) {
        self.output.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.output.append(byte)
        case 0x08: self.output.append(UInt8(ascii: "b"))
        case 0x09: self.output.append(UInt8(ascii: "t"))
        case 0x0A: self.output.append(UInt8(ascii: "n"))
        case 0x0C: self.output.append(UInt8(ascii: "f"))
        case 0x0D: self.output.append(UInt8(ascii: "r"))
        default: self.output.append(contentsOf: "u00\(Hex.encode([byte]))".utf8)
        }
    }
}
