import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A command` {
    @Test(arguments: [SecurityLevel.open, .signed])
    func `runs once however often it is delivered, and its answer is kept`(level: SecurityLevel) {
        var stage = Stage(level: level)
        let app = stage.join()
        stage.tell(.learn(app, action: "echo"))
        let frame = ControlFrame.plain("echo", to: app, 1, payload: 7, at: stage.now)
        stage.command(frame)
        stage.say(.control(frame))
        #expect(stage.calls.map(\.payload) == [7])
        stage.answer(.done, 8)
        stage.say(.control(frame))
        stage.run()
        #expect(stage.calls.count == 1)
        #expect(stage.server.apps[app]?.answers.map(\.result) == [8, 8])
    }

    @Test func `answered while the socket was away is answered when it comes again`() {
        var stage = Stage()
        let app = stage.join()
        stage.tell(.learn(app, action: "echo"))
        stage.command(.plain("echo", to: app, 1, at: stage.now))
        stage.cut()
        stage.answer(.done, 8)
        stage.pass(.seconds(1))
        #expect(stage.calls.count == 1)
        #expect(stage.server.apps[app]?.answers.map(\.result) == [8])
    }

    @Test func `waits for those before it, and a cancel does not`() {
        var stage = Stage()
        let app = stage.join()
        stage.tell(.learn(app, action: "a"), .learn(app, action: "b"), .learn(app, action: "cancel"))
        stage.command(.plain("a", to: app, 1, at: stage.now))
        stage.command(.plain("b", to: app, 2, at: stage.now))
        stage.command(.plain("cancel", to: app, 3, at: stage.now))
        #expect(stage.calls.map(\.action) == ["a"])
        #expect(stage.cancels.count == 1)
        stage.answer(.done)
        #expect(stage.calls.map(\.action) == ["a", "b"])
    }

    @Test func `that nobody knows is answered so, once the app had time to say what it knows`() {
        var stage = Stage()
        let app = stage.join()
        stage.command(.plain("late", to: app, 1, at: stage.now))
        stage.command(.plain("never", to: app, 2, at: stage.now))
        #expect(stage.server.apps[app]?.answers == [])
        stage.tell(.learn(app, action: "late"))
        #expect(stage.calls.map(\.action) == ["late"])
        stage.answer(.done)
        stage.pass(.seconds(1))
        #expect(stage.server.apps[app]?.answers.map(\.outcome) == [.done, .unknownAction])
    }

    @Test func `that is not signed in the session is dropped`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.tell(.learn(app, action: "echo"))
        stage.say(.control(.plain("echo", to: app, 1, at: stage.now)), isSigned: false)
        stage.say(.control(.plain("echo", to: app, 2, at: stage.now)), signedBy: Stage.parent)
        #expect(stage.calls == [])
    }

    @Test func `of which the answer cannot be sent is answered with a note`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.tell(.learn(app, action: "echo"))
        stage.command(.plain("echo", to: app, 1, at: stage.now))
        stage.answer(.done, .integer(.max))
        #expect(stage.server.apps[app]?.answers.first?.result?["trails_unsendable"] != nil)
    }
}

@Suite struct `A cancel` {
    @Test func `is told to the hook, and its answer and the goodbye leave in one write`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.tell(.learn(app, action: "cancel"))
        let payload: JSONValue = ["reason": "enough", "initiated_by": .string(Stage.parentID.description), "grace": 12]
        stage.command(.plain("cancel", to: app, 1, payload: payload, at: stage.now))
        let call = stage.cancels[0]
        #expect(call.reason == "enough")
        #expect(call.initiatedBy == Stage.parentID)
        #expect(call.grace == .seconds(12))
        stage.tell(.answered(app, call.id!, CommandAnswer(.done)))
        #expect(stage.writes.last == 2)
        stage.run()
        #expect(stage.server.heard.suffix(2) == ["control_ack", "disconnect"])
        #expect(stage.server.apps[app]?.goodbyes == [.cancelled])
        #expect(stage.ends[app] == .left(.cancelled))
        #expect(stage.isFinished)
    }

    @Test func `lets what was reported before arrive first`() {
        var stage = Stage()
        let app = stage.join()
        stage.tell(.learn(app, action: "cancel"))
        stage.command(.plain("cancel", to: app, 1, at: stage.now))
        stage.report(app, .result, "half")
        stage.tell(.answered(app, stage.cancels[0].id!, CommandAnswer(.done)))
        #expect(stage.toServer.count == 1)
        stage.run()
        #expect(stage.server.heard.suffix(3) == ["message", "control_ack", "disconnect"])
    }

    @Test func `runs the hook once, and answers everybody who cancelled`() {
        var stage = Stage()
        let app = stage.join()
        stage.tell(.learn(app, action: "cancel"))
        for id in 1...3 { stage.command(.plain("cancel", to: app, UInt64(id), at: stage.now)) }
        stage.say(.control(.plain("cancel", to: app, 1, at: stage.now)))
        #expect(stage.cancels.count == 1)
        stage.tell(.answered(app, stage.cancels[0].id!, CommandAnswer(.done)))
        stage.run()
        #expect(stage.server.apps[app]?.answers.count == 3)
    }

    @Test func `whose goodbye was perhaps not heard is answered and said again`() {
        var stage = Stage(level: .signed)
        let app = stage.join()
        stage.tell(.learn(app, action: "cancel"))
        stage.command(.plain("cancel", to: app, 1, at: stage.now))
        stage.tell(.answered(app, stage.cancels[0].id!, CommandAnswer(.done)))
        stage.toServer = []
        stage.wantsClose = false
        stage.cut()
        stage.pass(.seconds(1))
        #expect(stage.cancels.count == 1)
        #expect(stage.server.apps[app]?.answers.map(\.outcome) == [.done])
        #expect(stage.server.apps[app]?.goodbyes == [.cancelled])
        #expect(stage.isFinished)
    }

    @Test func `of an app without a hook is answered unknown_action, and the app goes on`() {
        var stage = Stage()
        let app = stage.join()
        stage.command(.plain("cancel", to: app, 1, at: stage.now))
        #expect(stage.server.apps[app]?.answers == [])
        stage.pass(.seconds(2))
        #expect(stage.server.apps[app]?.answers.map(\.outcome) == [.unknownAction])
        stage.report(app, 1)
        stage.run()
        #expect(stage.server.log[app]?.count == 1)
    }

    @Test func `that the hook refuses is answered failed, and the next one asks again`() {
        var stage = Stage()
        let app = stage.join()
        stage.tell(.learn(app, action: "cancel"))
        stage.command(.plain("cancel", to: app, 1, at: stage.now))
        stage.tell(.answered(app, stage.cancels[0].id!, CommandAnswer(.failed, error: "not now")))
        stage.command(.plain("cancel", to: app, 2, at: stage.now))
        #expect(stage.server.apps[app]?.answers.map(\.error) == ["not now"])
        #expect(stage.cancels.count == 2)
    }
}

@Suite struct `A goodbye` {
    @Test func `waits for acknowledgements, and not for ever`() {
        var stage = Stage()
        let app = stage.join()
        stage.report(app, 1)
        stage.toServer = []
        stage.tell(.leave(app, .completed))
        stage.run()
        #expect(stage.server.apps[app]?.goodbyes == [])
        stage.pass(ClientCore.farewellMax)
        #expect(stage.server.apps[app]?.goodbyes == [.completed])
        #expect(stage.isFinished)
    }

    @Test func `that nobody can hear ends the client in its time`() {
        var stage = Stage()
        stage.isUp = false
        let identity = stage.identity()
        stage.tell(.adopt(identity))
        stage.report(identity.appID, 1)
        stage.tell(.leave(identity.appID, .completed), .flush(1))
        stage.pass(.seconds(6))
        #expect(stage.isFinished)
        #expect(stage.flushes == [1: false])
    }

    @Test func `sends what is reported later nowhere, and says so once`() {
        var stage = Stage()
        let app = stage.join()
        stage.tell(.leave(app, .completed))
        stage.run()
        stage.report(app, 1)
        stage.report(app, 2)
        #expect(stage.warnings.count { $0.contains("goes nowhere") } == 1)
    }
}

extension Stage {
    /// Lets the handler of the last call return.
    mutating func answer(_ outcome: AckOutcome, _ result: JSONValue? = nil) {
        guard let call = self.calls.last else { preconditionFailure("nothing was called") }
        self.tell(.answered(call.appID, call.id, CommandAnswer(outcome, result: result)))
        self.run()
    }
}
