/// What one WebSocket may cost, and how long it is waited for.
package struct WebSocketLimits: Sendable {
    /// Bytes of a message. A longer one is thrown away as it comes in, and the session is told.
    package var messageMax: Int
    /// Bytes of a message, at which the connection is closed with 1009: the wall behind `messageMax`.
    package var frameWall: Int
    /// Fragments of a message, at which the connection is closed with 1008.
    package var fragmentsMax: Int
    /// How long the peer may take to answer a close frame.
    package var closeTimeout: Duration
    /// After how much silence the peer is pinged; after twice that it is taken for dead. `nil`: never.
    package var pingInterval: Duration?

    package init(
        messageMax: Int = 1 << 20, frameWall: Int = 16 << 20, fragmentsMax: Int = 16_384,
        closeTimeout: Duration = .seconds(2), pingInterval: Duration? = .seconds(60)
    ) {
        self.messageMax = messageMax
        self.frameWall = frameWall
        self.fragmentsMax = fragmentsMax
        self.closeTimeout = closeTimeout
        self.pingInterval = pingInterval
    }
}
