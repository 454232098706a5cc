/// How an app and the server prove themselves to each other (spec/trails.md §9), weakest first.
public enum SecurityLevel: String, Codable, CaseIterable, Hashable, Sendable {
    /// Reports need no signature; everything else is signed all the same.
    case open
    /// Every frame is signed, both ways.
    case signed
    /// As signed, and frames are encrypted under a key of the connection.
    case encrypted
    /// As signed, over TLS.
    case full
}

extension SecurityLevel: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .open: 0
        case .signed: 1
        case .encrypted: 2
        case .full: 3
        }
    }
}
