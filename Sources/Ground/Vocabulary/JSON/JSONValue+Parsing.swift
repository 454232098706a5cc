extension JSONValue {
    /// Reads one document of UTF-8 bytes, by the letter of RFC 8259 and a little more strictly.
    ///
    /// Refused as well are duplicate keys, lone surrogates, a byte order mark, integers that do not fit `Int64` and
    /// numbers that do not fit `Double`. A number without fraction and exponent is an `.integer`, except `-0`, which
    /// is `.double(-0.0)`; any other number is a `.double`, rounded to the nearest.
    ///
    /// - Throws: `JSONError`, for the first thing that is wrong.
    public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        let result =
            bytes.withContiguousStorageIfAvailable { Self.parse($0, limits: limits) }
            ?? Array(bytes).withUnsafeBufferPointer { Self.parse($0, limits: limits) }
        self = try result.get()
    }

    /// Reads one document, as from its UTF-8 bytes.
    ///
    /// - Throws: `JSONError`, for the first thing that is wrong.
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try text.withBytes { Self.parse($0, limits: limits) }.get()
    }

    private static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits
    ) -> Result<JSONValue, JSONError> {
        Result { () throws(JSONError) in
            var parser = JSONParser(bytes, limits: limits)
            return try parser.document()
        }
    }
}
