package import Vocabulary

/// Cuts the bytes of a connection into lines, however they come. Blank lines are none.
///
///           newline                     too long
///     ┌───────────────┐  in a line ────────────────────► skipping
///     └► a frame      │      ▲                               │
///                     └──────┴───────────────────────────────┘ newline
package struct FrameSplitter: Sendable {
    package enum Frame: Hashable, Sendable {
        /// A line without its end.
        case line([UInt8])
        /// The line that has begun is longer than may be; it is said once, and the rest of it is not kept.
        case tooLong
    }

    /// How long a line may be.
    package static let frameMax = ByteCount.mebibytes(64)

    private let frameMax: Int
    private var rest: [UInt8] = []
    private var isSkipping = false

    package init(frameMax: ByteCount = Self.frameMax) {
        self.frameMax = Int(frameMax.bytes)
    }

    /// Whether a line has begun and not ended.
    package var isInside: Bool { !self.rest.isEmpty || self.isSkipping }

    /// Takes the next bytes; the lines that end in them.
    package mutating func feed(_ block: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var start = block.startIndex
        while let end = block[start...].firstIndex(of: UInt8(ascii: "\n")) {
            self.take(block[start..<end], &frames)
            if let frame = self.finish() { frames.append(frame) }
            start = end + 1
        }
        self.take(block[start...], &frames)
        return frames
    }

    /// The line ends here, with a line break or with the connection.
    package mutating func finish() -> Frame? {
        let line = self.rest
        self.rest = []
        if self.isSkipping {
            self.isSkipping = false
            return nil
        }
        return line.allSatisfy(Self.isBlank) ? nil : .line(line)
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, _ frames: inout [Frame]) {
        guard !self.isSkipping else { return }
        guard bytes.count <= self.frameMax - self.rest.count else {
            self.rest = []
            self.isSkipping = true
            frames.append(.tooLong)
            return
        }
        self.rest += bytes
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
