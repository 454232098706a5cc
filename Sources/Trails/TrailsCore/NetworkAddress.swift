/// Where a peer is: an IPv6 address, or an IPv4 address as IPv6 writes it (::ffff:a.b.c.d).
package struct NetworkAddress: Hashable, Sendable {
    /// Eight groups of sixteen bits.
    let groups: [UInt16]

    /// Reads an address as text; a zone ("%eth0") is left out. `nil` for anything else.
    package init?(_ text: String) {
        let address = text.prefix { $0 != "%" }
        if let octets = Self.octets(of: address) {
            self.groups = [0, 0, 0, 0, 0, 0xFFFF, octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]
        } else if let groups = Self.groups(of: address) {
            self.groups = groups
        } else {
            return nil
        }
    }

    init(groups: [UInt16]) { self.groups = groups }

    /// The same with all but the first `count` bits cleared.
    func prefix(_ count: Int) -> NetworkAddress {
        NetworkAddress(
            groups: self.groups.enumerated().map { place, group in
                let kept = min(max(count - place * 16, 0), 16)
                return group & ~(kept == 0 ? UInt16.max : kept == 16 ? 0 : UInt16.max >> kept)
            })
    }
}

/// The addresses that begin with the same bits, written as CIDR: `10.1.0.0/16`, `2001:db8::/32`, or one address.
package struct AddressRange: Hashable, Sendable {
    package let description: String
    private let first: NetworkAddress
    /// How many bits count; IPv4 has 96 before its own.
    private let bits: Int

    /// Reads CIDR; `nil` when it is none, or has bits beyond its prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard !parts[0].contains("%"), let first = NetworkAddress(String(parts[0])) else { return nil }
        let isIPv4 = NetworkAddress.octets(of: parts[0]) != nil
        let most = isIPv4 ? 32 : 128
        var own = most
        if parts.count == 2 {
            guard let number = Int(parts[1]), String(number) == parts[1], (0...most).contains(number) else {
                return nil
            }
            own = number
        }
        self.bits = own + (isIPv4 ? 96 : 0)
        guard first.prefix(self.bits) == first else { return nil }
        self.first = first
        self.description = text
    }
}

extension AddressRange {
    package func contains(_ address: NetworkAddress) -> Bool { address.prefix(self.bits) == self.first }

    /// Whether every address of `other` is one of this.
    package func contains(_ other: AddressRange) -> Bool {
        other.bits >= self.bits && self.contains(other.first)
    }
}

extension AddressRange: CustomStringConvertible {}

extension AddressRange: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let range = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is not CIDR"))
        }
        self = range
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

// MARK: - Text

extension NetworkAddress {
    /// The four numbers of an IPv4 address, written without leading zeros.
    package static func octets(of text: Substring) -> [UInt16]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part -> UInt16? in
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(self.isDigit) else { return nil }
            guard part == "0" || !part.hasPrefix("0"), let value = UInt16(part), value < 256 else { return nil }
            return value
        }
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    /// The eight groups of an IPv6 address, with those filled in that `::` stands for.
    package static func groups(of text: Substring) -> [UInt16]? {
        guard let gap = text.indices.first(where: { text[$0...].hasPrefix("::") }) else {
            guard let groups = self.run(text), groups.count == 8 else { return nil }
            return groups
        }
        let left = text[..<gap]
        let right = text[text.index(gap, offsetBy: 2)...]
        guard !left.contains("."), let head = self.run(left), let tail = self.run(right) else { return nil }
        guard head.count + tail.count < 8 else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    /// Groups between colons; the last may be an IPv4 address. Nothing is no groups.
    private static func run(_ text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
            if place == parts.count - 1, let octets = self.octets(of: part) {
                groups += [octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit) else { return nil }
                guard let group = UInt16(part, radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
