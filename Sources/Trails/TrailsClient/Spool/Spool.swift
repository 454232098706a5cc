package import DurableFiles
package import TrailsWire
package import Vocabulary

/// What a client has reported and nobody has acknowledged, on disk, to be posted after its death.
///
/// One file a process, 0600, with one JSON object a line:
///
///     {"typ":"spool","v":1,"server_ep":…,"server_pub_key":…}       where to
///     {"typ":"register","app_id":…,"child_pub_key":…,…,"sig":…}    who; without a name for an app that came back
///     {"typ":"spooled","app_id":…,"message_id":…,…,"sig":…}        a report, signed by the app
///     {"typ":"numbered","app_id":…,"incarnation":1,"numbers":{"MESSAGE":7}}    under which number it was sent
///     {"typ":"gone","app_id":…,"messages":["MESSAGE"]}             stored by the server, or dropped
///
/// While the process lives it holds the lock of the file beside it, `.spool.lock`: nobody posts and removes it then.
///
/// A line is durable before what depends on it is done. A last line without its end was promised to nobody and is
/// ignored. A file over `fileMax` is written anew with what still counts.
package struct Spool: Sendable {
    package static let fileMax = 16 << 20
    package static let suffix = ".spool"

    package let path: String
    private let files: any FileSystem
    private let lock: FileLock
    private var file: any OpenFile
    private var length = 0
    private var lengthMax: Int
    private var heads: [[UInt8]] = []
    /// What still counts, by its order.
    private var waiting: [MessageID: Waiting] = [:]
    private var ordinal = 0
    private var signers: [AppID: FrameSigner] = [:]

    private struct Waiting {
        let ordinal: Int
        var lines: [[UInt8]]
    }

    /// Makes a spool in `directory`, which is made when it is missing.
    package init(
        in directory: String, server: ServerEndpoint, serverKey: PublicKey?, lengthMax: Int = Self.fileMax,
        on files: any FileSystem
    ) throws(FileError) {
        var dice = SystemRandomNumberGenerator()
        let name = String(dice.next() | 1 << 63, radix: 16)
        self.path = "\(directory)/\(name)\(Self.suffix)"
        self.files = files
        self.lengthMax = lengthMax
        try DurableDirectory.make(directory, on: files)
        // Before the file is there for others to find.
        self.lock = try FileLock.acquire(Self.lockPath(of: self.path), within: .zero, on: files)
        self.file = try files.open(self.path, OpenOptions(.readWrite, creation: .exclusive, appends: true))
        try files.syncDirectory(directory)
        let head = SpoolLine.head(server: server, serverKey: serverKey)
        self.heads = [head]
        try self.write([head])
    }
}

extension Spool {
    /// Remembers how an app registers.
    package mutating func introduce(_ identity: ClientIdentity) throws(FileError) {
        self.signers[identity.appID] = FrameSigner(identity)
        let line = SpoolLine.register(identity)
        self.heads.append(line)
        try self.write([line])
    }

    /// Remembers; on return all of it is durable. After an error the spool is of no use any more.
    package mutating func keep(_ notes: [SpoolNote]) throws(FileError) {
        var lines: [[UInt8]] = []
        for note in notes { lines += self.take(note) }
        guard !lines.isEmpty else { return }
        try self.write(lines)
        if self.length > self.lengthMax { try self.compact() }
    }

    /// Ends the spool. A file in which nothing counts is removed.
    package mutating func finish() {
        // Every line is durable, and a file too many is seen and removed by the next flush.
        try? self.file.close()
        if self.waiting.isEmpty {
            try? self.files.unlink(self.path)
            try? self.files.unlink(Self.lockPath(of: self.path))
        }
        self.lock.release()
    }

    static func lockPath(of path: String) -> String { path + ".lock" }

    private mutating func take(_ note: SpoolNote) -> [[UInt8]] {
        switch note {
        case .accepted(let app, let message):
            let line = SpoolLine.message(message, of: app, signer: self.signers[app])
            self.ordinal += 1
            self.waiting[message.id] = Waiting(ordinal: self.ordinal, lines: [line])
            return [line]
        case .numbered(let app, let incarnation, let numbers):
            for (id, seq) in numbers {
                self.waiting[id]?.lines.append(SpoolLine.numbered(app, incarnation: incarnation, [id: seq]))
            }
            return [SpoolLine.numbered(app, incarnation: incarnation, numbers)]
        case .stored(let app, let ids):
            for id in ids { self.waiting[id] = nil }
            return [SpoolLine.gone(app, ids)]
        case .dropped(let app, let id):
            self.waiting[id] = nil
            return [SpoolLine.gone(app, [id])]
        }
    }

    private mutating func write(_ lines: [[UInt8]]) throws(FileError) {
        let bytes = Array(lines.joined())
        try self.file.appendAll(bytes)
        try self.file.sync()
        self.length += bytes.count
    }

    private mutating func compact() throws(FileError) {
        let lines = self.waiting.values.sorted { $0.ordinal < $1.ordinal }.flatMap(\.lines)
        let bytes = Array((self.heads + lines).joined())
        try AtomicFile.replace(self.path, with: bytes, on: self.files)
        try self.file.close()
        self.file = try self.files.open(self.path, OpenOptions(.readWrite, appends: true))
        self.length = bytes.count
        // What cannot be made short is not written anew at every line.
        self.lengthMax = max(self.lengthMax, 2 * bytes.count)
    }
}
