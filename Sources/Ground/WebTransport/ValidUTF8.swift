import NIOCore

extension ByteBuffer {
    /// Whether the readable bytes are UTF-8 as Unicode defines it: no overlong form, no surrogate, nothing cut.
    var isValidUTF8: Bool {
        self.withUnsafeReadableBytes { $0.isValidUTF8 }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var isValidUTF8: Bool {
        var position = 0
        while position < self.count {
            if position + 8 <= self.count,
                self.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                position += 8
            } else if self[position] < 0x80 {
                position += 1
            } else {
                guard let length = self.lengthOfSequence(at: position) else { return false }
                position += length
            }
        }
        return true
    }

    /// How many bytes the well-formed sequence at `position` has (Unicode, table 3-7); `nil` if it is ill-formed.
    private func lengthOfSequence(at position: Int) -> Int? {
        let second: ClosedRange<UInt8>
        let length: Int
        switch self[position] {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: return nil
        }
        guard position + length <= self.count, second.contains(self[position + 1]) else { return nil }
        let trail = self[(position + 2)..<(position + length)]
        return trail.allSatisfy { $0 & 0xC0 == 0x80 } ? length : nil
    }
}
