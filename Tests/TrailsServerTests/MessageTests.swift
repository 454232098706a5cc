import NIOCore
import Testing
import TrailsCore
import TrailsServer
import TrailsWire
import Vocabulary
import WebTransport

@Suite(.serialized, .timeLimit(.minutes(10)))
struct MessageTests {
    @Test(arguments: [SecurityLevel.open, .signed])
    func `a message is stored once, and other content under its number is a conflict`(
        level: SecurityLevel
    ) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            for _ in 1...3 {
                try line.report(child, 1, .status, ["progress": 0.1, "note": "one"])
                try await line.acknowledged(child.id, 1)
            }
            try line.report(child, 1, .status, ["progress": 0.2])
            let error = try await line.error()
            #expect(error.code == .conflict && error.seq == 1 && error.appID == child.id)
            try line.report(child, 1, .result, ["progress": 0.1, "note": "one"])
            #expect(try await line.error().code == .conflict)
            let messages = try await stage.messages(of: child)
            #expect(messages.count == 1 && messages[0].payload == ["progress": 0.1, "note": "one"])
        }
    }

    @Test func `gaps are told one by one, and closed when they are filled`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            for seq: Int64 in [1, 2, 5, 4, 9] {
                try line.report(child, seq)
                let ack = try await line.acknowledged(child.id, seq)
                #expect(ack.isSingle == (seq > 2), "\(seq): \(ack)")
            }
            let second = try await stage.line()
            let registered = try await second.registerAgain(child)
            #expect(registered.lastSeq == 2)
            #expect(registered.have == [SeqRange(first: 4, last: 5), SeqRange(first: 9, last: 9)].compactMap { $0 })
            try second.report(child, 3)
            let ack = try await second.acknowledged(child.id, 5)
            #expect(ack.seq == 5 && !ack.isSingle)
        }
    }

    @Test func `a permanent root has no end, and its try uses up a number`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let watcher = try await stage.watch("app_id=\(root.id)", as: root)
            _ = try await watcher.live()
            let line = try await stage.line()
            _ = try await line.registerAgain(root)
            try line.report(root, 1)
            try line.report(root, 2, .result, ["over": true])
            let error = try await line.error()
            #expect(error.code == .notAuthorized && error.seq == 2)
            try line.report(root, 3)
            let ack = try await line.acknowledged(root.id, 3)
            #expect(!ack.isSingle)
            let messages = try await stage.messages(of: root)
            #expect(messages.map(\.isTombstone) == [false, true, false])
            #expect(messages[1].payload == .null)
            // A watcher misses none of it.
            let tombstone = try await watcher.event { $0.message?.isTombstone == true }
            #expect(tombstone.eventID == messages[1].eventID)

            try line.leave(root, .completed)
            #expect(try await line.error().code == .notAuthorized)
            #expect(try await stage.show(root).status == .running)
            let body = PostMessagesBody(
                PostedMessage(messageID: .fresh(), kind: .error, timestamp: .now(), payload: [:]))
            #expect(try await stage.call("POST", "/apps/\(root.id)/messages", body, as: root).status == 403)
        }
    }

    @Test(arguments: [SecurityLevel.open, .full])
    func `a message that is too large is refused, and the connection stays`(level: SecurityLevel) async throws {
        try await Stage.run(level, { $0.messageMax = 64 << 10 }) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            try line.report(child, 1, .status, ["blob": .string(String(repeating: "x", count: 80_000))])
            #expect(try await line.error().code == .tooLarge)
            try line.report(child, 1, .status, ["blob": .string(String(repeating: "x", count: 40_000))])
            try await line.acknowledged(child.id, 1)
        }
    }

    @Test func `what is beyond the wall ends the connection`() async throws {
        try await Stage.run(.open) { stage in
            let line = try await stage.line()
            line.send([UInt8](repeating: UInt8(ascii: "x"), count: 17 << 20))
            guard case .peer(let code, _) = try await line.closing() else {
                Issue.record("the server did not say why it closed")
                return
            }
            #expect(code == 1009)
        }
    }

    @Test func `what is no frame is refused, and the connection stays`() async throws {
        try await Stage.run(.open) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            let id = child.id
            let head = #""header":{"msg_type":"Status","timestamp":1,"seq":1,"correlation_id":null}"#
            let deep = String(repeating: "[", count: 80) + String(repeating: "]", count: 80)
            let song = #""header":{"msg_type":"Song","timestamp":1,"seq":1}"#
            let below = #""header":{"msg_type":"Status","timestamp":1,"seq":-1}"#
            let bad: [String] = [
                "", "x", "{", "[]", "1", "null", "{}", #"{"typ":7}"#, #"{"typ":"dance","app_id":"\#(id)"}"#,
                #"{"typ":"message","app_id":"nobody","payload":{},\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":{}}"#,
                #"{"typ":"message","app_id":"\#(id)",\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":{"a":1,"a":2},\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","app_id":"\#(id)","payload":{},\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":{"a":NaN},\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":{"a":1e999},\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":[1,],\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":"\ud800",\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":\#(deep),\#(head)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":{},\#(head)} x"#,
                #"{"typ":"message","app_id":"\#(id)","payload":{},\#(song)}"#,
                #"{"typ":"message","app_id":"\#(id)","payload":{},\#(below)}"#,
            ]
            for text in bad {
                line.send(text: text)
                let error = try await line.error()
                #expect(error.code == .badMessage, "\(text.prefix(100)): \(error)")
                #expect(!error.message.isEmpty)
            }
            line.socket.send(binary: ByteBuffer(bytes: [1, 2, 3]))
            #expect(try await line.error().code == .badMessage)
            line.send(text: #"{"typ":"ping_app","v":2,"app_id":"\#(id)"}"#)
            #expect(try await line.error().code == .unsupportedVersion)
            // What is unknown besides is kept out of it.
            line.send(text: #"{"typ":"message","app_id":"\#(id)","payload":{},"mood":"good",\#(head),"sig":null}"#)
            try await line.acknowledged(child.id, 1)
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed])
    func `twenty thousand messages from one that does not read are all stored, and all acknowledged`(
        level: SecurityLevel
    ) async throws {
        let count: Int64 = level == .open ? 20_000 : 4_000
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            line.socket.pauseReading()
            for seq in 1...count { try line.report(child, seq, .status, ["progress": .double(Double(seq) / 1e6)]) }
            // Others are served meanwhile.
            let sibling = try await stage.declared(by: root, "sibling")
            let other = try await stage.line(sibling)
            try other.report(sibling, 1)
            try await other.acknowledged(sibling.id, 1)
            line.socket.resumeReading()
            _ = try await line.frame(within: .seconds(90)) { frame -> Int64? in
                if case .ack(let ack) = frame, ack.seq == count, !ack.isSingle { ack.seq } else { nil }
            }
            #expect(try await stage.show(child).lastSeq == count)
            let registered = try await stage.line().registerAgain(child)
            #expect(registered.lastSeq == count && registered.have.isEmpty)
        }
    }

    @Test func `an app that was not registered here is not heard`() async throws {
        try await Stage.run(.open) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line()
            try line.report(child, 1)
            let error = try await line.error()
            #expect(error.code == .notAuthorized && error.appID == child.id && error.seq == 1)
        }
    }
}
