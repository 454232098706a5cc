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
    public var bytes: [UInt8] { bytesInNetworkOrder(self.high, self.low) }

    /// Reads sixteen bytes in network order; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard let halves = contiguously(bytes, halvesInNetworkOrder) else { return nil }
        self.init(high: halves.high, low: halves.low)
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
        guard let halves = contiguously(utf8, halvesOfText) else { return nil }
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
}

// MARK: - Digits and bytes

// Outside the type, which is generic and would be looked up anew for each digit.

private typealias Halves = (high: UInt64, low: UInt64)

private func contiguously(
    _ bytes: some Collection<UInt8>, _ read: (UnsafeBufferPointer<UInt8>) -> Halves?
) -> Halves? {
    bytes.withContiguousStorageIfAvailable(read) ?? Array(bytes).withUnsafeBufferPointer(read)
}

private func bytesInNetworkOrder(_ high: UInt64, _ low: UInt64) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
        for place in 0..<8 {
            buffer[place] = UInt8(truncatingIfNeeded: high >> (56 - 8 * place))
            buffer[place + 8] = UInt8(truncatingIfNeeded: low >> (56 - 8 * place))
        }
        count = 16
    }
}

private func halvesInNetworkOrder(_ bytes: UnsafeBufferPointer<UInt8>) -> Halves? {
    guard bytes.count == 16 else { return nil }
    var halves: Halves = (0, 0)
    for place in 0..<8 {
        halves.high = halves.high << 8 | UInt64(bytes[place])
        halves.low = halves.low << 8 | UInt64(bytes[place + 8])
    }
    return halves
}

private func halvesOfText(_ text: UnsafeBufferPointer<UInt8>) -> Halves? {
    guard text.count == 36 else { return nil }
    var halves: Halves = (0, 0)
    for (place, byte) in zip(0..<36, text) {
        if place == 8 || place == 13 || place == 18 || place == 23 {
            guard byte == UInt8(ascii: "-") else { return nil }
            continue
        }
        guard let digit = value(ofHexDigit: byte) else { return nil }
        // The nineteenth place begins the second half: sixteen digits and two hyphens are before it.
        if place < 19 {
            halves.high = halves.high << 4 | digit
        } else {
            halves.low = halves.low << 4 | digit
        }
    }
    return halves
}

private func value(ofHexDigit byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
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
