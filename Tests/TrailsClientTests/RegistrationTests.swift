import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A client that registers` {
    @Test(arguments: [SecurityLevel.open, .signed])
    func `is let in, reports, and comes back with the key it had`(level: SecurityLevel) {
        var stage = Stage(level: level)
        let app = stage.join()
        stage.report(app, 1)
        stage.run()
        stage.cut()
        stage.report(app, 2)
        stage.pass(.seconds(1))
        #expect(stage.server.log[app]?.map(\.payload) == [1, 2])
        #expect(stage.server.heard.filter { $0.contains("register") } == ["register", "re_register"])
        #expect(stage.server.complaints == [])
    }

    @Test func `sends nothing of its own before it is let in`() {
        var stage = Stage(level: .signed)
        let identity = stage.identity()
        stage.tell(.adopt(identity))
        stage.report(identity.appID, 1)
        stage.turnSocket()
        #expect(stage.toServer.count == 1)
        stage.deliverToServer()
        stage.deliverToClient()
        #expect(stage.toServer.count == 1)
        stage.run()
        #expect(stage.server.heard == ["register", "challenge_response", "message"])
    }

    @Test func `does not answer a challenge of another server`() {
        var stage = Stage(level: .signed)
        stage.tell(.adopt(stage.identity()))
        stage.turnSocket()
        stage.deliverToServer()
        stage.toClient = [stage.forged(.challenge(stage.challenge()), nonce: stage.challenge().nonce)]
        stage.deliverToClient()
        #expect(stage.wantsClose)
        #expect(!stage.server.heard.contains("challenge_response"))
    }

    @Test func `does not answer a challenge for a lower level`() {
        var stage = Stage(level: .signed)
        stage.tell(.adopt(stage.identity()))
        stage.turnSocket()
        stage.deliverToServer()
        var frame = stage.challenge()
        frame.level = .open
        stage.toClient = [stage.server.encode(.challenge(frame), frame.nonce)]
        stage.deliverToClient()
        #expect(stage.wantsClose)
    }

    @Test func `knows a challenge that was used before`() {
        var stage = Stage(level: .signed)
        _ = stage.join(until: { stage in stage.toClient.first.map { stage.recorded = $0 } })
        stage.cut()
        stage.ring()
        stage.turnSocket()
        stage.toClient = [stage.recorded]
        stage.deliverToClient()
        #expect(stage.wantsClose)
    }

    @Test func `believes no registered that is not signed in the session`() {
        var stage = Stage(level: .signed)
        let identity = stage.identity()
        stage.tell(.adopt(identity))
        stage.report(identity.appID, 1)
        stage.turnSocket()
        let frame = RegisteredFrame(
            appID: identity.appID, status: .connected, incarnation: 1, sessionEpoch: 1, lastSeq: 9,
            serverInstance: "x")
        stage.toClient = [stage.server.encode(.registered(frame), nil)]
        stage.deliverToClient()
        #expect(stage.toServer.count == 1)
        #expect(stage.warnings.last?.contains("not signed") == true)
    }

    @Test func `tries again when nobody answers`() {
        var stage = Stage()
        stage.tell(.adopt(stage.identity()))
        stage.turnSocket()
        stage.toServer = []
        stage.pass(ClientCore.registrationMax)
        stage.pass(.seconds(1))
        #expect(stage.server.heard == ["register"])
    }

    @Test func `takes a registered that comes twice or late for nothing new`() {
        var stage = Stage()
        let app = stage.join()
        stage.report(app, 1)
        stage.run()
        let late = RegisteredFrame(
            appID: app, status: .connected, incarnation: 9, sessionEpoch: 1, lastSeq: 0, serverInstance: "x")
        stage.say(.registered(late))
        stage.report(app, 2)
        stage.run()
        #expect(stage.server.log[app]?.map(\.seq) == [1, 2])
    }

    @Test func `registers anew with a server that knows it no longer`() {
        var stage = Stage()
        let app = stage.join()
        stage.report(app, 1)
        stage.run()
        stage.server.apps = [:]
        stage.cut()
        stage.report(app, 2)
        stage.pass(.seconds(1))
        #expect(stage.server.heard.suffix(3) == ["re_register", "register", "message"])
        #expect(stage.server.log[app]?.map(\.seq) == [1, 2])
    }

    @Test func `gives its messages new numbers in a new incarnation, and loses none`() {
        var stage = Stage()
        let app = stage.join()
        stage.report(app, 1)
        stage.run()
        stage.report(app, 2)
        stage.cut()
        stage.server.apps[app]!.incarnation = 5
        stage.server.apps[app]!.numbers = SequenceSet()
        stage.pass(.seconds(1))
        #expect(stage.server.log[app]?.map(\.incarnation) == [1, 5])
        #expect(stage.server.log[app]?.map(\.seq) == [1, 1])
    }

    @Test func `that comes back in a new process goes on after what is stored`() {
        var stage = Stage()
        let identity = stage.identity(isKnown: true)
        stage.server.apps[identity.appID] = ModelServer.App(key: identity.key.publicKey)
        for number in 1...7 { stage.server.apps[identity.appID]!.numbers.insert(Int64(number)) }
        stage.tell(.adopt(identity))
        stage.report(identity.appID, 8)
        stage.run()
        #expect(stage.server.log[identity.appID]?.map(\.seq) == [8])
    }

    @Test func `speaks for several apps on one socket`() {
        var stage = Stage(level: .signed)
        let apps = [stage.join(), stage.join(), stage.join()]
        for app in apps { stage.report(app, 1) }
        stage.run()
        stage.tell(.leave(apps[1], .completed))
        stage.run()
        stage.report(apps[0], 2)
        stage.run()
        #expect(apps.map { stage.server.log[$0]?.count } == [2, 1, 1])
        #expect(stage.server.apps[apps[1]]?.goodbyes == [.completed])
        #expect(!stage.isFinished)
    }
}

extension Stage {
    /// Adopts an app and lets it register.
    mutating func join(
        ancestors: [Ancestor] = [], requiresIssuer: Bool = false, until look: (inout Stage) -> Void = { _ in }
    ) -> AppID {
        let identity = self.identity(ancestors: ancestors, requiresIssuer: requiresIssuer)
        self.tell(.adopt(identity))
        self.turnSocket()
        self.deliverToServer()
        look(&self)
        self.run()
        return identity.appID
    }

    /// The challenge that is on its way.
    func challenge() -> ChallengeFrame {
        for bytes in self.toClient {
            if case .challenge(let frame)? = try? ServerFrame.decode(bytes).frame { return frame }
        }
        preconditionFailure("no challenge is on its way")
    }

    /// A frame with the signature of somebody else.
    func forged(_ frame: ServerFrame, nonce: Nonce?) -> [UInt8] {
        self.server.encode(frame, nonce, key: Self.parent)
    }
}
