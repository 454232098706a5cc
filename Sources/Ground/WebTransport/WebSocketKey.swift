import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The client's `Sec-WebSocket-Key`: it proves that the server speaks WebSocket, and nothing else.
struct WebSocketKey {
    let text: String

    /// `nil` unless `text` is Base64 of sixteen bytes.
    init?(_ text: String) {
        guard Data(base64Encoded: text)?.count == 16 else { return nil }
        self.text = text
    }

    static func random() -> WebSocketKey {
        WebSocketKey(bytes: (0..<16).map { _ in UInt8.random(in: .min ... .max) })
    }

    private init(bytes: [UInt8]) {
        self.text = Data(bytes).base64EncodedString()
    }

    /// What the server answers in `Sec-WebSocket-Accept` (RFC 6455, 4.2.2).
    var accept: String {
        let digest = Insecure.SHA1.hash(data: Data((self.text + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return Data(digest).base64EncodedString()
    }
}
