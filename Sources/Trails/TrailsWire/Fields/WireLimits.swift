internal import Vocabulary

/// The walls around everything that a stranger can make long.
package enum WireLimits {
    package static let nameBytesMax = 256
    package static let symbolBytesMax = 256
    package static let symbolsMax = 64
    package static let sentenceBytesMax = 8_192
    /// As long as a whole message may be.
    package static let shownBytesMax = 16_777_216
    package static let labelsMax = 64
    package static let labelBytesMax = 16_384
    package static let factBytesMax = 16_384
    /// As deep as a tree may be.
    package static let ancestorsMax = 1_000
    package static let rangesMax = 4_096
    /// How many messages one REST call may carry.
    package static let batchMax = 1_000
    /// How many things a page of a list may hold.
    package static let pageMax = 1_000
    /// How many apps may answer one command.
    package static let answersMax = 100_000
    /// TRAILS_INFO as text: Linux takes no longer environment variable.
    package static let infoBytesMax = 131_072
    package static let urlBytesMax = 2_048
    /// 2^53.
    package static let integerMax: Int64 = 1 << 53
    /// The end of the year 9999.
    package static let momentMax: Int64 = 253_402_300_799_999
    package static let secondsMax: Int64 = 366 * 86_400
    /// The longest a parent may give its child to start.
    package static let startDeadlineMax: Int64 = 30 * 86_400
    /// What a child gets when its parent says nothing.
    package static let startDeadlineDefault = Duration.seconds(300)
}

extension WireLimits {
    /// Refuses a value whose JSON text would have more than about `bytesMax` bytes.
    static func check(_ value: JSONValue, bytesMax: Int) throws(FrameError) {
        guard Self.weight(of: value) <= bytesMax else {
            throw FrameError(.badMessage, "is longer than \(bytesMax) bytes")
        }
    }

    /// About how many bytes the JSON text of `value` has.
    private static func weight(of value: JSONValue) -> Int {
        switch value {
        case .null, .bool, .integer, .double: 8
        case .string(let text): text.utf8.count + 2
        case .array(let elements): elements.reduce(2) { $0 + Self.weight(of: $1) + 1 }
        case .object(let object): object.reduce(2) { $0 + $1.key.utf8.count + Self.weight(of: $1.value) + 4 }
        }
    }
}
