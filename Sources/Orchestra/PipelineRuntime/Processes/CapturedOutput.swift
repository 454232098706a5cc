import DurableFiles

/// What a program wrote to one stream: the beginning, the end, and where all of it is.
package struct CapturedOutput: Sendable {
    /// The first bytes, up to a limit.
    package private(set) var head: [UInt8] = []
    /// How many there were in all.
    package private(set) var byteCount = 0
    /// The file that has more of it than `head`.
    package private(set) var file: String?
    private let keptMax: Int
    private let spillPath: String?
    private let hear: (@Sendable (ArraySlice<UInt8>) -> Void)?
    private var last: [UInt8] = []
    private var spill: Spill?

    /// The last bytes that are held for messages.
    package static let tailMax = 4_096

    init(keptMax: Int, spillPath: String? = nil, hear: (@Sendable (ArraySlice<UInt8>) -> Void)? = nil) {
        self.hear = hear
        self.keptMax = keptMax
        self.spillPath = spillPath
    }

    package var isCut: Bool { self.byteCount > self.head.count }

    /// The head as text; what is not UTF-8 becomes U+FFFD.
    package var text: String { String(decoding: self.head, as: UTF8.self) }

    /// The end as text.
    package var tailText: String {
        String(decoding: self.isCut ? self.last.suffix(Self.tailMax) : self.head.suffix(Self.tailMax), as: UTF8.self)
    }

    mutating func take(_ bytes: ArraySlice<UInt8>) {
        self.byteCount += bytes.count
        self.hear?(bytes)
        let fitting = bytes.prefix(self.keptMax - self.head.count)
        self.head += fitting
        self.last += bytes
        if self.last.count > 2 * Self.tailMax { self.last = Array(self.last.suffix(Self.tailMax)) }
        guard fitting.count < bytes.count, let spillPath else { return }
        if self.spill == nil {
            self.spill = Spill(at: spillPath, from: self.head)
            self.file = self.spill.map { _ in spillPath }
        }
        self.spill?.take(bytes.dropFirst(fitting.count))
    }

    mutating func finish() {
        self.spill?.finish()
        self.spill = nil
        self.last = Array(self.last.suffix(Self.tailMax))
    }
}

/// The file that takes what is too long for memory. For people: a disk that refuses ends the file, not the work.
private struct Spill: Sendable {
    /// No program gets more of the disk.
    static let bytesMax = 256 << 20

    private let file: any OpenFile
    private var room = Self.bytesMax
    private var isBroken = false

    init?(at path: String, from head: [UInt8]) {
        let options = OpenOptions(.readWrite, creation: .ifMissing, appends: true)
        guard let file = try? POSIXFileSystem().open(path, options), (try? file.truncate(to: 0)) != nil else {
            return nil
        }
        self.file = file
        self.take(head[...])
    }

    mutating func take(_ bytes: ArraySlice<UInt8>) {
        guard !self.isBroken, self.room > 0 else { return }
        let fitting = bytes.prefix(self.room)
        self.room -= fitting.count
        do {
            try self.file.appendAll(fitting)
        } catch {
            self.isBroken = true
        }
    }

    func finish() {
        try? self.file.close()
    }
}
