extension JSONValue {
    /// The bytes to sign and to hash: the canonical form of RFC 8785.
    ///
    /// No space, keys ordered by UTF-16 code units, numbers as ECMAScript prints them: `1.0` and `1` look the same.
    /// Keep the value rather than these bytes: a whole double beyond 2^53 would be read back as an integer, which is
    /// refused here or even by the parser.
    ///
    /// - Throws: `CanonicalFormError` when a number has no such form that every reader would agree on.
    public func canonicalBytes() throws(CanonicalFormError) -> [UInt8] {
        if let error = self.canonicalFormError(at: "") { throw error }
        var writer = JSONWriter(sortsKeys: true, isCanonical: true)
        writer.output.reserveCapacity(JSONWriter.capacity)
        writer.write(self)
        return writer.output
    }

    private func canonicalFormError(at path: @autoclosure () -> String) -> CanonicalFormError? {
        switch self {
        case .integer(let value) where value.magnitude > CanonicalFormError.integerMax:
            return .integerOutOfRange(value, path: path())
        case .double(let value) where !value.isFinite:
            return .notFinite(value, path: path())
        case .array(let elements):
            for (place, element) in elements.enumerated() {
                if let error = element.canonicalFormError(at: "\(path())/\(place)") { return error }
            }
        case .object(let object):
            for (key, value) in object {
                if let error = value.canonicalFormError(at: "\(path())/\(CanonicalFormError.step(key))") {
                    return error
                }
            }
        default: break
        }
        return nil
    }
}

/// Why a value has no canonical form. `path` is a JSON pointer (RFC 6901), empty for the value itself.
public enum CanonicalFormError: Error, Hashable, Sendable {
    /// Readers that keep numbers as doubles would see another integer than the one signed.
    case integerOutOfRange(Int64, path: String)
    /// NaN and infinity are not JSON.
    case notFinite(Double, path: String)

    /// 2^53: up to here every integer is a double.
    public static let integerMax: UInt64 = 1 << 53
}

extension CanonicalFormError: CustomStringConvertible {
    public var description: String { self.message }

    /// What is wrong where and what to do, for people.
    public var message: String {
        switch self {
        case .integerOutOfRange(let value, let path):
            "integer \(value)\(Self.place(path)) is outside ±2^53 and cannot be signed; send it as a string"
        case .notFinite(let value, let path):
            "number \(value)\(Self.place(path)) is not finite and has no JSON form"
        }
    }

    private static func place(_ path: String) -> String { path.isEmpty ? "" : " at \(path.shownToPeople())" }

    /// A key as a step of a JSON pointer (RFC 6901, section 3).
    fileprivate static func step(_ key: String) -> String {
        String(key.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined())
    }
}
