import Foundation
import NIOCore
import TrailsCore
import TrailsWire
import Vocabulary

// A load generator that costs as much as the server would be what is measured: both share the processor. So what
// differs from one message to the next in a number is not made anew from its parts.

/// The Status messages of one app, without signatures.
struct MessageTemplate: Sendable {
    /// Stands for the number, and occurs nowhere else.
    private static let mark: Int64 = 987_654_321

    /// What is between the numbers.
    private let pieces: [[UInt8]]

    init(of app: AppID) {
        let bytes = (try? ClientFrame.message(Self.frame(of: app, Self.mark)).encoded()) ?? []
        self.pieces = String(decoding: bytes, as: UTF8.self).components(separatedBy: String(Self.mark))
            .map { Array($0.utf8) }
        precondition(self.pieces.count == 3, "a message names its number twice, not \(self.pieces.count - 1) times")
    }

    func message(_ seq: Int64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(320)
        buffer.writeBytes(self.pieces[0])
        for piece in self.pieces.dropFirst() {
            buffer.writeString(String(seq))
            buffer.writeBytes(piece)
        }
        return buffer
    }

    static func frame(of app: AppID, _ seq: Int64) -> MessageFrame {
        MessageFrame(
            appID: app, kind: .status, timestamp: Timestamp(milliseconds: 1_800_000_000_000), seq: seq,
            payload: ["message": "working on it", "progress": 0.42, "step": .integer(seq)])
    }
}

/// Reads of an `ack` what the load generator wants to know.
enum Acknowledgement {
    private static let head = Array(#"{"typ":"ack","app_id":""#.utf8)
    private static let middle = Array(#"","seq":"#.utf8)

    /// Up to which message `text` acknowledges; `nil` when it is another frame.
    static func seq(in text: ByteBuffer) -> Int64? {
        let bytes = text.readableBytesView
        guard bytes.starts(with: Self.head) else { return nil }
        let rest = bytes.dropFirst(Self.head.count + 36)
        guard rest.starts(with: Self.middle) else { return nil }
        let digits = rest.dropFirst(Self.middle.count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
}
