package import NIOCore

/// Whoever owns one WebSocket: hears what the peer says, on either side of the wire.
///
/// All calls come on the connection's event loop, one after another: a session needs no lock for what only these
/// calls touch (`NIOLoopBoundBox` says so to the compiler), and must not block. Calls come in this order:
///
///     opened ( (received)+ drained | writabilityChanged )* closed
package protocol WebSocketSession: AnyObject, Sendable {
    /// The handshake is done; `connection` can be written to at once.
    func opened(on connection: WebSocketConnection)

    /// One whole text message, its fragments joined. It is valid UTF-8: anything else ends the connection with 1007.
    func received(text: ByteBuffer)

    /// One whole binary message, its fragments joined.
    func received(binary: ByteBuffer)

    /// A message of `oversized` bytes, over the own limit, has passed by and was thrown away. The connection stays.
    func received(oversized: Int)

    /// The messages of one read are delivered: the time to do in one go what they ask for.
    ///
    /// What is sent from here and from the `received` calls before leaves in one write.
    func drained()

    /// The peer takes bytes more slowly than they are sent (`false`), or has caught up (`true`).
    func writabilityChanged(isWritable: Bool)

    /// The connection is gone. Called exactly once, and nothing comes after it.
    func closed(_ reason: WebSocketCloseReason)
}

extension WebSocketSession {
    package func drained() {}
    package func writabilityChanged(isWritable: Bool) {}
}

/// Why a WebSocket ended.
package enum WebSocketCloseReason: Sendable, Equatable {
    /// The peer closed it, with the code and the text of its close frame; a frame without a code gives `nil`.
    case peer(code: UInt16?, reason: String)
    /// We closed it.
    case local(code: UInt16, reason: String)
    /// The peer broke the protocol, or sent more than the wall allows, and was told so with `code`.
    case violation(code: UInt16, message: String)
    /// The peer answered nothing, not even a ping, for two ping intervals.
    case unresponsive
    /// The transport ended without a close frame; `cause` says how, where the system said it.
    case dropped(cause: String?)
}
