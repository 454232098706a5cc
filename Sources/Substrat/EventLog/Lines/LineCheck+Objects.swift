import Vocabulary

/// Small files of one object a file, with a checksum as lines have it.
extension LineCheck {
    /// `object` as a line, with its checksum as the last member.
    static func checked(_ object: JSONObject) -> [UInt8] {
        var line = Array(JSONValue.object(object).utf8.dropLast())
        let checksum = CRC32C(line).value
        line += Self.open
        line += Array(Hex.encode(checksum.bigEndianBytes).utf8)
        line += Self.close
        return line + [UInt8(ascii: "\n")]
    }

    /// Reads what `checked` has written; `nil` when a bit of it is wrong.
    static func body(of file: [UInt8]) -> JSONObject? {
        guard file.last == UInt8(ascii: "\n"), let (body, checksum) = Self.split(file.dropLast()),
            CRC32C(body).value == checksum
        else { return nil }
        let limits = JSONLimits(bytes: EventLine.lengthMax, depth: JSONLimits.depthCeiling)
        return (try? JSONValue(parsing: body + [UInt8(ascii: "}")], limits: limits))?.object
    }
}
