/// The hash function BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020), unkeyed, with 32 bytes of output.
///
/// Chunks of 1,024 bytes are the leaves of a binary tree. Each is chained block by block; the stack holds one chaining
/// value for each whole subtree to the left of the present chunk:
///
///     bits of the chunk count     1    1    0
///     the stack                 [4..] [2..]      chunk 6 is being filled
public struct BLAKE3: Sendable {
    private var chunk = Chunk(number: 0)
    private var stack: [Words] = []

    /// Has been fed nothing yet.
    public init() {}
}

extension BLAKE3 {
    typealias Words = SIMD8<UInt32>

    static let chunkLength = 1_024
    static let blockLength = 64

    /// The hash of `bytes`.
    public static func hash(_ bytes: some Collection<UInt8>) -> Digest {
        var hasher = Self()
        hasher.update(bytes)
        return hasher.finalize()
    }

    /// Takes more bytes: many small pieces hash as the whole does.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable { self.update(UnsafeRawBufferPointer($0)) }
        if isDone == nil { Array(bytes).withUnsafeBytes { self.update($0) } }
    }

    private mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // A chunk is closed only when more follows, for the last one may be the root.
            if self.chunk.length == Self.chunkLength {
                let value = self.chunk.output.chainingValue
                let next = self.chunk.number + 1
                self.push(value, chunks: next)
                self.chunk = Chunk(number: next)
            }
            let piece = rest.prefix(Self.chunkLength - self.chunk.length)
            self.chunk.update(UnsafeRawBufferPointer(rebasing: piece))
            rest = rest.dropFirst(piece.count)
        }
    }

    /// Joins subtrees of the same size: one for each 0 at the end of the number of `chunks`.
    private mutating func push(_ value: Words, chunks: UInt64) {
        var value = value
        for _ in 0..<chunks.trailingZeroBitCount {
            value = Output.parent(of: self.stack.removeLast(), value).chainingValue
        }
        self.stack.append(value)
    }

    /// The hash of all that was fed; more may be fed afterwards.
    public func finalize() -> Digest {
        var output = self.chunk.output
        for left in self.stack.reversed() {
            output = .parent(of: left, output.chainingValue)
        }
        return output.digest
    }
}

/// What is left to be compressed of a node, when it is known whether the node is the root.
private struct Output {
    var value: BLAKE3.Words
    var block: SIMD16<UInt32>
    var number: UInt64
    var length: UInt32
    var flags: BLAKE3.Flags

    static func parent(of left: BLAKE3.Words, _ right: BLAKE3.Words) -> Output {
        Output(
            value: BLAKE3.start, block: SIMD16(lowHalf: left, highHalf: right), number: 0,
            length: UInt32(BLAKE3.blockLength), flags: .parent)
    }

    var chainingValue: BLAKE3.Words { self.compressed(self.flags, number: self.number) }

    var digest: BLAKE3.Digest { BLAKE3.Digest(words: self.compressed(self.flags.union(.root), number: 0)) }

    private func compressed(_ flags: BLAKE3.Flags, number: UInt64) -> BLAKE3.Words {
        withUnsafeBytes(of: self.block) {
            BLAKE3.compress(self.value, $0, number: number, length: self.length, flags: flags)
        }
    }
}

/// Up to 1,024 bytes.
private struct Chunk: Sendable {
    let number: UInt64
    private var value = BLAKE3.start
    private var block = SIMD16<UInt32>()
    private var blockCount = 0
    private var filled = 0

    init(number: UInt64) { self.number = number }

    /// How many bytes it was fed.
    var length: Int { self.blockCount * BLAKE3.blockLength + self.filled }

    private var flags: BLAKE3.Flags { self.blockCount == 0 ? .chunkStart : [] }

    var output: Output {
        Output(
            value: self.value, block: self.block, number: self.number, length: UInt32(self.filled),
            flags: self.flags.union(.chunkEnd))
    }

    /// Takes at most as many bytes as there is room for.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var start = 0
        while start < bytes.count {
            // A block is compressed only when more follows, for the last one is marked.
            if self.filled == BLAKE3.blockLength {
                let block = self.block
                withUnsafeBytes(of: block) { self.compress($0) }
                (self.block, self.filled) = (SIMD16(), 0)
            }
            while self.filled == 0, bytes.count - start > BLAKE3.blockLength {
                self.compress(UnsafeRawBufferPointer(rebasing: bytes[start..<start + BLAKE3.blockLength]))
                start += BLAKE3.blockLength
            }
            let count = min(BLAKE3.blockLength - self.filled, bytes.count - start)
            let place = self.filled
            withUnsafeMutableBytes(of: &self.block) { block in
                UnsafeMutableRawBufferPointer(rebasing: block[place...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
            }
            self.filled += count
            start += count
        }
    }

    private mutating func compress(_ block: UnsafeRawBufferPointer) {
        self.value = BLAKE3.compress(
            self.value, block, number: self.number, length: UInt32(BLAKE3.blockLength), flags: self.flags)
        self.blockCount += 1
    }
}
