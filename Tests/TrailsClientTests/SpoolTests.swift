import DurableFiles
import Simulator
import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A spool` {
    let disk = FaultyFileSystem()
    let app = AppID("550e8400-e29b-41d4-a716-446655440000")!
    let key = SigningKey(seed: [UInt8](repeating: 1, count: 32))!
    let serverKey = SigningKey(seed: [UInt8](repeating: 2, count: 32))!.publicKey

    private func message(_ number: UInt64, _ payload: JSONValue = 1) -> Message {
        Message(
            id: MessageID(high: 7, low: number), kind: .status, timestamp: Timestamp(milliseconds: 5),
            payload: payload)
    }

    private func open(lengthMax: Int = Spool.fileMax) throws -> Spool {
        var spool = try Spool(
            in: "/spool", server: try ServerEndpoint("ws://127.0.0.1:1/ws"), serverKey: self.serverKey,
            lengthMax: lengthMax, on: self.disk)
        let frame = RegisterFrame(appID: self.app, parentID: nil, appName: "a", childKey: self.key.publicKey)
        try spool.introduce(
            ClientIdentity(
                appID: self.app, key: self.key, level: .signed, serverKey: self.serverKey, registration: frame))
        return spool
    }

    private func contents(_ spool: Spool) throws -> SpoolContents {
        try #require(try SpoolContents(path: spool.path, on: self.disk))
    }

    @Test func `keeps what nobody acknowledged, with the numbers it was sent under`() throws {
        var spool = try self.open()
        try spool.keep((1...4).map { .accepted(self.app, self.message($0)) })
        try spool.keep([.numbered(self.app, incarnation: 3, [self.message(1).id: 1, self.message(2).id: 2])])
        try spool.keep([.stored(self.app, [self.message(1).id]), .dropped(self.app, self.message(3).id)])
        let found = try self.contents(spool).apps[0]
        #expect(found.registration?.frame.appName == "a")
        #expect(found.reports.map(\.message.messageID.low) == [2, 4])
        #expect(found.reports.map(\.number) == [.init(incarnation: 3, seq: 2), nil])
        #expect(found.reports.allSatisfy { $0.message.isSigned(by: Verifier(self.key.publicKey), for: self.serverKey) })
    }

    @Test func `survives the end of the power, whatever was not synced`() throws {
        for damage in FaultyFileSystem.Damage.allCases {
            let test = Self()
            var spool = try test.open()
            try spool.keep([.accepted(test.app, test.message(1))])
            test.disk.restart(after: damage)
            #expect(try test.contents(spool).apps[0].reports.count == 1)
        }
    }

    @Test func `is read up to a line that was torn`() throws {
        var spool = try self.open()
        try spool.keep([.accepted(self.app, self.message(1)), .accepted(self.app, self.message(2))])
        let bytes = try self.disk.read(spool.path, limit: 1 << 20)
        let whole = try #require(SpoolContents(bytes)).apps[0].reports.count
        #expect(whole == 2)
        for length in 0..<bytes.count {
            let reports = SpoolContents(Array(bytes[..<length]))?.apps.first?.reports ?? []
            #expect(reports.count <= 1)
        }
    }

    @Test func `is written anew when it has grown, and loses nothing`() throws {
        var spool = try self.open(lengthMax: 4_000)
        for number in 1...100 {
            try spool.keep([.accepted(self.app, self.message(UInt64(number)))])
            if number > 3 { try spool.keep([.stored(self.app, [self.message(UInt64(number - 3)).id])]) }
        }
        #expect(try self.disk.read(spool.path, limit: 1 << 20).count < 5_000)
        #expect(try self.contents(spool).apps[0].reports.map(\.message.messageID.low) == [98, 99, 100])
    }

    @Test func `goes when nothing is left in it`() throws {
        var spool = try self.open()
        try spool.keep([.accepted(self.app, self.message(1))])
        var other = try self.open()
        try other.keep([.accepted(self.app, self.message(1)), .stored(self.app, [self.message(1).id])])
        spool.finish()
        other.finish()
        #expect(try SpoolContents.paths(in: "/spool", on: self.disk) == [spool.path])
    }
}
