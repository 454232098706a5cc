public import Vocabulary

// All of this is inlinable, so that a store that reads a hundred thousand rows of thirty columns does so without
// looking up a type for each value.

/// What can be a parameter of a statement.
@usableFromInline
package protocol SQLBindable {
    func bind(to statement: SQLStatement, at place: Int32)
}

/// What the present column of a row can be read as; `nil` when it is something else.
@usableFromInline
package protocol SQLReadable {
    static func read(from row: SQLRow) -> Self?
}

extension Int64: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { statement.bind(self, at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> Int64? { row.integer }
}

extension Int: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { statement.bind(Int64(self), at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> Int? { row.integer.map { Int($0) } }
}

extension UInt32: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { statement.bind(Int64(self), at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> UInt32? { row.integer.flatMap { UInt32(exactly: $0) } }
}

extension Bool: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { statement.bind(self ? 1 : 0, at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> Bool? { row.integer.map { $0 != 0 } }
}

extension String: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) {
        var text = self
        text.withUTF8 { statement.bind(text: $0, at: place) }
    }

    @inlinable
    package static func read(from row: SQLRow) -> String? { row.text }
}

extension [UInt8]: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) {
        self.withUnsafeBytes { statement.bind(blob: $0, at: place) }
    }

    @inlinable
    package static func read(from row: SQLRow) -> [UInt8]? { row.blob.map { Array($0) } }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) {
        if let value = self { value.bind(to: statement, at: place) } else { statement.bindNull(at: place) }
    }
}

extension Optional: SQLReadable where Wrapped: SQLReadable {
    @inlinable
    package static func read(from row: SQLRow) -> Wrapped?? {
        if row.isNull { return .some(nil) }
        guard let value = Wrapped.read(from: row) else { return nil }
        return .some(value)
    }
}

// MARK: - Words of the house

/// Sixteen bytes in network order, so that rows sort as identifiers do.
extension Identifier: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) {
        let bytes = (self.high.bigEndian, self.low.bigEndian)
        withUnsafeBytes(of: bytes) { statement.bind(blob: $0, at: place) }
    }

    @inlinable
    package static func read(from row: SQLRow) -> Identifier<Of>? {
        guard let bytes = row.blob, bytes.count == 16 else { return nil }
        return Self(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}

extension PublicKey: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { self.bytes.bind(to: statement, at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> PublicKey? { row.blob.flatMap { PublicKey(bytes: $0) } }
}

extension BLAKE3.Digest: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { self.bytes.bind(to: statement, at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> BLAKE3.Digest? { row.blob.flatMap { BLAKE3.Digest(bytes: $0) } }
}

extension Timestamp: SQLBindable, SQLReadable {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { statement.bind(self.milliseconds, at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> Timestamp? { row.integer.map { Timestamp(milliseconds: $0) } }
}

/// An enumeration of words is stored as its words: such a type says `extension Presence: SQLWord {}`.
@usableFromInline
package protocol SQLWord: SQLBindable, SQLReadable, RawRepresentable where RawValue == String {}

extension SQLWord {
    @inlinable
    package func bind(to statement: SQLStatement, at place: Int32) { self.rawValue.bind(to: statement, at: place) }

    @inlinable
    package static func read(from row: SQLRow) -> Self? { row.text.flatMap { Self(rawValue: $0) } }
}
