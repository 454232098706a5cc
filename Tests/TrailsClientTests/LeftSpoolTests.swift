import DurableFiles
import Simulator
import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// A server that stores what it is sent once, and refuses some of it.
private final class FakeServer {
    var stored: [MessageID] = []

    func answer(_ batch: SpoolBody) -> [SpoolReceipt] {
        batch.messages.map { post in
            let id = post.message.messageID
            if id.low % 5 == 0 {
                return SpoolReceipt(messageID: id, outcome: .refused(.badSignature, message: "no", hint: nil))
            }
            if id.low % 7 == 0 {
                return SpoolReceipt(messageID: id, outcome: .refused(.queueFull, message: "later", hint: nil))
            }
            let isNew = !self.stored.contains(id)
            if isNew { self.stored.append(id) }
            let receipt = MessageReceipt(
                seq: Int64(id.low), eventID: 1, isLate: false, status: .running)
            return SpoolReceipt(messageID: id, outcome: isNew ? .stored(receipt) : .duplicate(receipt))
        }
    }
}

@Suite struct `A spool whose client is gone` {
    static let app = AppID("550e8400-e29b-41d4-a716-446655440000")!
    static let key = SigningKey(seed: [UInt8](repeating: 1, count: 32))!
    static let serverKey = SigningKey(seed: [UInt8](repeating: 2, count: 32))!.publicKey

    /// Leaves a spool with these messages; gives its path.
    @discardableResult
    static func leave(_ numbers: some Sequence<UInt64>, on disk: FaultyFileSystem) throws -> String {
        var spool = try Spool(
            in: "/data/spool", server: try ServerEndpoint("ws://127.0.0.1:1/ws"), serverKey: self.serverKey, on: disk)
        let frame = RegisterFrame(appID: self.app, parentID: nil, appName: "a", childKey: self.key.publicKey)
        try spool.introduce(
            ClientIdentity(
                appID: self.app, key: self.key, level: .signed, serverKey: self.serverKey, registration: frame))
        for number in numbers {
            let message = Message(
                id: MessageID(high: 7, low: number), kind: .status, timestamp: Timestamp(milliseconds: 5),
                payload: .integer(Int64(number)))
            try spool.keep([.accepted(self.app, message), .numbered(self.app, incarnation: 1, [message.id: 3])])
        }
        defer { spool.finish() }
        return spool.path
    }

    /// All of a flush but the network.
    fileprivate static func flush(_ path: String, to server: FakeServer, on disk: FaultyFileSystem) throws -> LeftSpool
    {
        var spool = try #require(try LeftSpool(path: path, on: disk))
        for batch in spool.batches { try spool.take(server.answer(batch), of: batch) }
        try spool.settle()
        return spool
    }

    static func refused(_ path: String, on disk: FaultyFileSystem) throws -> [String] {
        guard try disk.exists(path + ".refused") else { return [] }
        return try String(decoding: disk.read(path + ".refused", limit: 1 << 20), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }

    @Test func `is posted as it was signed, numbers and registration with it, and goes`() throws {
        let disk = FaultyFileSystem()
        let path = try Self.leave([1, 2], on: disk)
        let spool = try #require(try LeftSpool(path: path, on: disk))
        let batch = try #require(spool.batches.first)
        #expect(spool.batches.count == 1 && batch.messages.map(\.message.messageID.low) == [1, 2])
        #expect(batch.messages.allSatisfy { $0.number == .init(incarnation: 1, seq: 3) })
        let verifier = Verifier(Self.key.publicKey)
        #expect(batch.messages.allSatisfy { $0.message.isSigned(by: verifier, for: Self.serverKey) })
        #expect(batch.registers.map { $0.isSigned(for: Self.serverKey) } == [true])
        #expect(try LeftSpool(path: path, on: disk) == nil, "two flushes at one spool")
        var answered = spool
        try answered.take(FakeServer().answer(batch), of: batch)
        try answered.settle()
        #expect(answered.stored == 2)
        #expect(try disk.names(in: "/data/spool") == [])
    }

    @Test func `is left alone while its client lives`() throws {
        let disk = FaultyFileSystem()
        var spool = try Spool(
            in: "/data/spool", server: try ServerEndpoint("ws://127.0.0.1:1/ws"), serverKey: nil, on: disk)
        #expect(try LeftSpool(path: spool.path, on: disk) == nil)
        spool.finish()
        #expect(try disk.names(in: "/data/spool") == [])
    }

    @Test func `keeps what may be taken later, and puts aside once what never will be`() throws {
        let disk = FaultyFileSystem()
        let server = FakeServer()
        let path = try Self.leave(1...7, on: disk)
        for turn in 1...3 {
            let spool = try Self.flush(path, to: server, on: disk)
            #expect(spool.stored == (turn == 1 ? 5 : 0) && spool.known == (turn == 1 ? 0 : 5))
            #expect(spool.postponed == 1 && spool.refused.map(\.post.message.messageID.low) == [5])
            #expect(try disk.exists(path))
        }
        let lines = try Self.refused(path, on: disk)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("\"code\":\"bad_signature\"") == true)
        #expect(lines.first?.contains("\"payload\":5") == true)
    }

    @Test func `stays when an answer is about something else, or a line cannot be read`() throws {
        let disk = FaultyFileSystem()
        let path = try Self.leave([1, 2], on: disk)
        do {
            var spool = try #require(try LeftSpool(path: path, on: disk))
            let batch = spool.batches[0]
            #expect(throws: FrameError.self) { try spool.take(Array(FakeServer().answer(batch).reversed()), of: batch) }
            #expect(throws: FrameError.self) { try spool.take(Array(FakeServer().answer(batch).prefix(1)), of: batch) }
        }
        var text = String(decoding: try disk.read(path, limit: 1 << 20), as: UTF8.self)
        text += "{\"typ\":\"spo\u{0}led\"}\n"
        try AtomicFile.replace(path, with: Array(text.utf8), on: disk)
        let spool = try Self.flush(path, to: FakeServer(), on: disk)
        #expect(!spool.isWhole && spool.stored == 2)
        #expect(try disk.exists(path))
    }

    @Test func `is cut into calls that a server takes`() throws {
        let disk = FaultyFileSystem()
        let path = try Self.leave((1...2_100).map { $0 * 35 + 1 }, on: disk)
        let spool = try #require(try LeftSpool(path: path, on: disk))
        #expect(spool.batches.map(\.messages.count) == [1_000, 1_000, 100])
    }

    /// Every step of a flush, with every damage: the server has all, once; what it refused is kept, once.
    @Test func `loses nothing and doubles nothing when the flush is killed`() async throws {
        let path = "/data/spool/x.spool"
        var servers: [FakeServer] = []
        try await CrashSweep(seeds: 0..<1).run(
            prepare: { disk in try disk.rename(Self.leave([1, 2, 5, 6], on: disk), to: path) },
            work: { disk in
                servers.append(FakeServer())
                _ = try Self.flush(path, to: servers[servers.count - 1], on: disk)
            },
            check: { disk, acknowledged, run in
                let server = FakeServer()
                server.stored = servers[servers.count - 1].stored
                let isThere = try disk.exists(path)
                #expect(!(acknowledged && isThere), "\(run)")
                if isThere { _ = try Self.flush(path, to: server, on: disk) }
                #expect(server.stored.map(\.low) == [1, 2, 6], "\(run)")
                #expect(try Self.refused(path, on: disk).count == 1, "\(run)")
                #expect(try !disk.exists(path), "\(run)")
            })
    }
}
