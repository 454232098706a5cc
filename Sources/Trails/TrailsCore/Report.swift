package import Vocabulary

/// A message of an app, as it is stored (table `messages`).
package struct Report: Codable, Hashable, Sendable {
    package let app: AppID
    package let incarnation: Int
    /// From 1 in each incarnation.
    package let seq: Int64
    package let kind: MessageKind
    /// Made by the sender, over REST.
    package let messageID: MessageID?
    /// By the sender's clock.
    package let timestamp: Timestamp
    /// By the server's clock.
    package let receivedAt: Timestamp
    package let correlation: String?
    /// JSON text in canonical key order.
    package let payload: String
    /// It came when the app had ended, or was being cancelled, and changed nothing.
    package let isLate: Bool
    /// It was refused; only its number is kept.
    package let isTombstone: Bool

    package init(
        app: AppID, incarnation: Int, seq: Int64, kind: MessageKind, messageID: MessageID?, timestamp: Timestamp,
        receivedAt: Timestamp, correlation: String?, payload: String, isLate: Bool, isTombstone: Bool
    ) {
        self.app = app
        self.incarnation = incarnation
        self.seq = seq
        self.kind = kind
        self.messageID = messageID
        self.timestamp = timestamp
        self.receivedAt = receivedAt
        self.correlation = correlation
        self.payload = payload
        self.isLate = isLate
        self.isTombstone = isTombstone
    }
}
