/// A UUID that says in its type what it names: an `AppID` is never taken for a `CorrelationID`.
///
/// `Of` is a name only; no value of it exists. The text form is the lower-case one of RFC 9562
/// (8-4-4-4-12 hex digits); upper case is accepted.
public struct Identifier<Of>: Hashable, Sendable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension Identifier {
    /// Makes a version 4 UUID (RFC 9562) from 122 bits of `generator`.
    public static func random(using generator: inout some RandomNumberGenerator) -> Self {
        let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x0000_0000_0000_4000
        let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return Self(high: high, low: low)
    }

    /// Whether the bits say version 4, variant 1 (RFC 9562).
    public var isVersion4: Bool {
        self.high & 0xF000 == 0x4000 && self.low >> 62 == 0b10
    }

    /// The first eight hex digits, as people see them in a tree.
    public var short: String { String(self.description.prefix(8)) }

    /// Sixteen bytes in network order.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: self.high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: self.low >> (56 - 8 * $0)) }
    }

    /// Reads sixteen bytes in network order; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        self.low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension Identifier: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension Identifier: LosslessStringConvertible {
    /// Reads the form 8-4-4-4-12; `nil` for anything else.
    public init?(_ text: String) {
        self.init(utf8: text.utf8)
    }

    /// Reads the form 8-4-4-4-12 from UTF-8 bytes; `nil` for anything else.
    public init?(utf8: some Collection<UInt8>) {
        guard utf8.count == 36 else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        var digits = 0
        for (position, byte) in utf8.enumerated() {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.value(ofHexDigit: byte) else { return nil }
            if digits < 16 {
                halves.high = halves.high << 4 | digit
            } else {
                halves.low = halves.low << 4 | digit
            }
            digits += 1
        }
        self.init(high: halves.high, low: halves.low)
    }

    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let half = digit < 16 ? self.high : self.low
                let nibble = UInt8(truncatingIfNeeded: half >> (60 - 4 * UInt64(digit % 16))) & 0xF
                buffer[position] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
                position += 1
            }
            return position
        }
    }

    private static func value(ofHexDigit byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

/// Names an app: a process of the tree, wherever it runs and however often it was started.
public typealias AppID = Identifier<AppName>
/// What an `AppID` names.
public enum AppName {}

/// Names one command to one app.
public typealias CorrelationID = Identifier<CorrelationName>
/// What a `CorrelationID` names.
public enum CorrelationName {}

/// Names one cancel, with all that it reaches.
public typealias CascadeID = Identifier<CascadeName>
/// What a `CascadeID` names.
public enum CascadeName {}

/// Names one message sent over REST, so that a repeat is known as one.
public typealias MessageID = Identifier<MessageName>
/// What a `MessageID` names.
public enum MessageName {}
