import Logging
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

/// What all connections share.
struct SocketHouse: Sendable {
    /// How many commands of one connection may wait for the disk before it is read no further.
    static let underWayMax = 1_024

    let key: SigningKey
    let instance: String
    let isOpenAllowed: Bool
    let messageMax: Int
    /// How long a connection may stay without a registered app.
    let unprovenSecondsMax: Int64
    /// How long an app may say nothing; `nil`: for ever.
    let keepalive: Duration?
    let metrics: ServerMetrics
    let logger: Logger
    let now: @Sendable () -> Timestamp
    /// Hands commands to the writer; `false` when it takes no more.
    let submit: @Sendable ([Job]) -> Bool
    /// Hands over what must not be lost: the end of a connection.
    let submitSurely: @Sendable ([Job]) -> Void
    /// The tree of the last commit.
    let tree: @Sendable () -> ProcessTree

    func challengeNonce() -> Nonce {
        var dice = SystemRandomNumberGenerator()
        return .challenge(using: &dice)
    }
}
