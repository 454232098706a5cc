package import Vocabulary

/// How much a turn store takes; a server reads these too.
package enum TurnLimits {
    /// Of one payload or blob.
    package static let payloadMax = ByteCount.mebibytes(32)
    /// Of the turns of one group.
    package static let groupTurnsMax = 1_024
    /// Of the payloads and blobs of one group together.
    package static let groupBytesMax = ByteCount.mebibytes(48)
    package static let typeIDMax = ByteCount.kibibytes(4)
    package static let keyMax = ByteCount(512)
    /// Of the turns of one page.
    package static let pageTurnsMax = 1_000
    /// Of the payloads of one page together. A page that would have more is shorter.
    package static let pageBytesMax = ByteCount.mebibytes(48)
    /// Of the entries of any list.
    package static let listMax = 1_000
    /// Of a payload that a list of sessions brings along.
    package static let sessionPayloadMax = ByteCount.kibibytes(64)
    package static let bundleMax = ByteCount.mebibytes(4)
    package static let bundleIDMax = ByteCount(256)
    package static let requestBodyMax = ByteCount.mebibytes(1)
    package static let requestKindMax = ByteCount(64)
    /// Of the requests of one context that are not settled.
    package static let openRequestsMax = 1_000
    package static let settlementsMax = 64
    package static let leaseMax: Duration = .seconds(24 * 60 * 60)
    /// Of each text in a lease, and of the name of a session.
    package static let textMax = ByteCount(256)
}
