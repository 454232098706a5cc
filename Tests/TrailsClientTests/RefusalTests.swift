import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A client that is refused` {
    @Test(arguments: [ErrorCode.revoked, .superseded, .notAuthorized, .badSignature, .unsupportedVersion])
    func `gives up what the server refuses for good`(code: ErrorCode) {
        var stage = Stage(level: .signed)
        stage.server.refusals = [code]
        let app = stage.join()
        #expect(stage.ends[app] == .refused(code))
        stage.pass(.seconds(3_600))
        #expect(stage.server.heard.count { $0 == "register" } == 1)
        #expect(stage.isFinished)
    }

    @Test(arguments: [ErrorCode.revoked, .superseded, .notAuthorized, .cancelling])
    func `does not believe for good what is not signed, and asks again late`(code: ErrorCode) {
        var stage = Stage(level: .signed)
        stage.server.refusals = [code]
        stage.server.signsRefusals = false
        let app = stage.join()
        #expect(stage.ends[app] == nil)
        #expect(stage.cancels == [])
        stage.pass(.seconds(29))
        #expect(stage.server.heard.count { $0 == "register" } == 1)
        stage.pass(.seconds(20))
        #expect(stage.server.heard.count { $0 == "register" } == 2)
        stage.report(app, 1)
        stage.run()
        #expect(stage.server.log[app]?.count == 1)
    }

    @Test(arguments: [ErrorCode.stale, .replayed, .storeUnavailable, .serverDraining, .rateLimited, .queueFull])
    func `asks again soon after what may pass`(code: ErrorCode) {
        var stage = Stage(level: .signed)
        stage.server.refusals = [code, code]
        let app = stage.join()
        stage.pass(.seconds(1))
        stage.report(app, 1)
        stage.run()
        #expect(stage.server.log[app]?.count == 1)
    }

    @Test func `waits some minutes for an earlier process that may just have died`() {
        var stage = Stage(level: .signed)
        stage.server.refusals = [.keyMismatch, .keyMismatch]
        let app = stage.join()
        stage.pass(.seconds(100))
        stage.report(app, 1)
        stage.run()
        #expect(stage.server.log[app]?.count == 1)
    }

    @Test func `leaves the app to who holds it when that lasts`() {
        var stage = Stage(level: .signed)
        stage.server.refusals = Array(repeating: .keyMismatch, count: 100)
        let app = stage.join()
        stage.pass(.seconds(400))
        #expect(stage.ends[app] == .refused(.keyMismatch))
    }

    @Test func `gives up an app whose key was replaced`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.server.refusals = [.keyMismatch]
        stage.cut()
        stage.pass(.seconds(1))
        #expect(stage.ends[app] == .refused(.keyMismatch))
    }

    @Test func `tells the hook when the app was cancelled before it came`() {
        var stage = Stage(level: .signed)
        stage.server.refusals = [.cancelling]
        let identity = stage.identity()
        stage.tell(.adopt(identity), .learn(identity.appID, action: "cancel"))
        stage.run()
        #expect(stage.cancels.map(\.id) == [nil])
        #expect(stage.ends[identity.appID] == .refused(.cancelling))
    }

    @Test(arguments: [ErrorCode.superseded, .revoked])
    func `leaves the app to its newer connection`(code: ErrorCode) {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.say(.error(ErrorFrame(code, "gone", appID: app)))
        #expect(stage.ends[app] == .refused(code))
        #expect(stage.isFinished)
    }

    @Test func `comes back late when an unsigned word says that it is superseded`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.say(.error(ErrorFrame(.superseded, "gone", appID: app)), isSigned: false)
        stage.pass(.seconds(29))
        #expect(stage.server.heard.count { $0 == "re_register" } == 0)
        stage.pass(.seconds(20))
        #expect(stage.server.heard.count { $0 == "re_register" } == 1)
    }

    @Test func `gives a message another number when its own is taken`() {
        var stage = Stage()
        let app = stage.join()
        stage.server.apps[app]!.numbers.insert(1)
        stage.server.log[app] = [
            .init(incarnation: 1, seq: 1, kind: .status, payload: "by REST")
        ]
        stage.report(app, "mine")
        stage.run()
        #expect(stage.server.log[app]?.map(\.payload) == ["by REST", "mine"])
        #expect(stage.server.log[app]?.map(\.seq) == [1, 2])
    }

    @Test(arguments: [ErrorCode.badMessage, .tooLarge, .cancelling, .notAuthorized])
    func `lets go of a message that is refused for good`(code: ErrorCode) {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.server.apps[app]!.refusals = [1: code]
        stage.report(app, 1)
        stage.report(app, 2)
        stage.run()
        stage.tell(.flush(1))
        #expect(stage.server.log[app]?.map(\.payload) == [2])
        #expect(stage.flushes == [1: true])
    }

    @Test func `keeps a message of which only an unsigned word says that it is refused`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.report(app, 1)
        stage.toServer = []
        stage.say(.error(ErrorFrame(.badMessage, "no", appID: app, seq: 1)), isSigned: false)
        stage.cut()
        stage.pass(.seconds(1))
        #expect(stage.server.log[app]?.map(\.payload) == [1])
    }

    @Test(arguments: [ErrorCode.storeUnavailable, .serverDraining, .rateLimited, .queueFull, .stale, .badSignature])
    func `sends a message again over a new socket when it may be taken there`(code: ErrorCode) {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.server.apps[app]!.refusals = [1: code]
        stage.report(app, 1)
        stage.run()
        stage.pass(.seconds(1))
        #expect(stage.server.log[app]?.map(\.seq) == [1])
        #expect(stage.server.heard.contains("re_register"))
    }

    @Test func `puts a note in place of what is too long for the server`() {
        var stage = Stage()
        let app = stage.join()
        stage.report(app, .string(String(repeating: "x", count: 5_000)))
        stage.toServer = []
        stage.say(.error(ErrorFrame(.tooLarge, "over 4096 bytes")))
        #expect(stage.server.log[app]?.map(\.payload) == [["trails_unsendable": "over 4096 bytes"]])
    }

    @Test func `puts a note in place of what is too long for any server, or has no canonical form`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.report(app, .string(String(repeating: "x", count: 1 << 20)))
        stage.report(app, .integer(.max))
        stage.run()
        #expect(stage.server.log[app]?.count == 2)
        #expect(stage.server.log[app]?.allSatisfy { $0.payload["trails_unsendable"] != nil } == true)
    }
}

@Suite struct `The window of unacknowledged messages` {
    @Test func `drops the oldest Status that was never sent, and nothing else`() {
        var stage = Stage()
        stage.isUp = false
        let identity = stage.identity()
        let app = identity.appID
        stage.tell(.adopt(identity))
        stage.report(app, .result, "first")
        for number in 0..<1_100 { stage.report(app, .integer(Int64(number))) }
        stage.report(app, .error, "last")
        stage.isUp = true
        stage.pass(.seconds(10))
        let stored = stage.server.log[app]?.map(\.payload) ?? []
        #expect(stored.count == 1_024)
        #expect(stored.first == "first")
        #expect(stored.last == "last")
        #expect(stored[1] == 78)
    }

    @Test func `never drops what was sent`() {
        var stage = Stage()
        let app = stage.join()
        for number in 0..<2_000 { stage.report(app, .integer(Int64(number))) }
        stage.run()
        let stored = stage.server.log[app]?.compactMap(\.payload.integer) ?? []
        #expect(Array(stored.prefix(512)) == Array(0..<512))
        #expect(Array(stored.suffix(512)) == Array(1_488..<2_000))
    }

    @Test func `goes over its limit for Results and Errors`() {
        var stage = Stage()
        stage.isUp = false
        let identity = stage.identity()
        stage.tell(.adopt(identity))
        for number in 0..<1_100 { stage.report(identity.appID, .result, .integer(Int64(number))) }
        stage.isUp = true
        stage.pass(.seconds(10))
        #expect(stage.server.log[identity.appID]?.count == 1_100)
    }

    @Test func `sends nothing while the socket takes nothing`() {
        var stage = Stage()
        let app = stage.join()
        stage.tell(.writable(false))
        stage.report(app, 1)
        #expect(stage.toServer == [])
        stage.tell(.writable(true))
        stage.run()
        #expect(stage.server.log[app]?.count == 1)
    }

    @Test func `takes single acknowledgements beyond a gap`() {
        var stage = Stage()
        let app = stage.join()
        for number in 1...3 { stage.report(app, .integer(Int64(number))) }
        stage.toServer.remove(at: 0)
        stage.run()
        stage.cut()
        stage.pass(.seconds(1))
        #expect(stage.server.log[app]?.map(\.seq) == [2, 3, 1])
    }
}
