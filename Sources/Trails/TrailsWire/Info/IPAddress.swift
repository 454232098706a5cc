import TrailsCore

/// Questions about the text of an IP address.
enum IPAddress {
    /// Whether `text` is an IPv6 address (RFC 4291, section 2.2), without a zone.
    static func isIPv6(_ text: Substring) -> Bool { NetworkAddress.groups(of: text) != nil }

    /// Whether `text` is an address in 127.0.0.0/8 or `::1`, IPv4 inside IPv6 too.
    static func isLoopback(_ text: Substring) -> Bool {
        if let octets = NetworkAddress.octets(of: text) { return octets[0] == 127 }
        guard let groups = NetworkAddress.groups(of: text) else { return false }
        if groups == [0, 0, 0, 0, 0, 0, 0, 1] { return true }
        return groups.prefix(6) == [0, 0, 0, 0, 0, 0xFFFF] && groups[6] >> 8 == 127
    }
}
