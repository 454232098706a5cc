/// Text that the parser reads back as an equal value, integers exact, each double with the fewest digits that tell it
/// from its neighbours. A double that is not finite (no parser makes one) is written as `null`.
extension JSONValue {
    /// One line, members in the order of the object.
    public var text: String { String(decoding: self.utf8, as: UTF8.self) }

    /// The UTF-8 bytes of `text`.
    public var utf8: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(JSONWriter.capacity)
        self.write(to: &bytes)
        return bytes
    }

    /// One member or element a line, indented by two spaces; no line break at the end.
    public var prettyText: String { self.written(by: JSONWriter(isPretty: true)) }

    /// One line, members in the key order of RFC 8785 but numbers as in `text`: equal values have equal text, so it
    /// is fit to store and compare. It is not the form to sign: see `canonicalBytes()`.
    public func sortedText() -> String { self.written(by: JSONWriter(sortsKeys: true)) }

    /// Appends the bytes of `text`, so that a buffer can be used again and again.
    public func write(to output: inout [UInt8]) {
        var writer = JSONWriter()
        swap(&writer.output, &output)
        writer.write(self)
        swap(&writer.output, &output)
    }

    private func written(by writer: JSONWriter) -> String {
        var writer = writer
        writer.output.reserveCapacity(JSONWriter.capacity)
        writer.write(self)
        return String(decoding: writer.output, as: UTF8.self)
    }
}
