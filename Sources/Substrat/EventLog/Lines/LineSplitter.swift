/// Cuts the bytes of a file into lines, however they come.
struct LineSplitter {
    struct Line {
        /// Of its first byte in the file.
        let offset: Int64
        /// Without the line break.
        let bytes: ArraySlice<UInt8>
        /// False for what is after the last line break.
        let isComplete: Bool

        /// Where the next line begins.
        var end: Int64 { self.offset + Int64(self.bytes.count) + (self.isComplete ? 1 : 0) }
    }

    private var rest: [UInt8] = []
    private var offset: Int64

    init(at offset: Int64) {
        self.offset = offset
    }

    /// Takes the next bytes and hands over the lines that end in them.
    mutating func feed(_ block: [UInt8], _ visit: (Line) -> Void) {
        var start = block.startIndex
        while let end = block[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let bytes = self.rest.isEmpty ? block[start..<end] : (self.rest + block[start..<end])[...]
            self.rest = []
            let line = Line(offset: self.offset, bytes: bytes, isComplete: true)
            visit(line)
            self.offset = line.end
            start = end + 1
        }
        self.rest += block[start...]
    }

    /// Hands over what is after the last line break, if anything is.
    mutating func finish(_ visit: (Line) -> Void) {
        guard !self.rest.isEmpty else { return }
        visit(Line(offset: self.offset, bytes: self.rest[...], isComplete: false))
        self.offset += Int64(self.rest.count)
        self.rest = []
    }
}
