import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A client that knows its ancestors` {
    @Test(arguments: [false, true])
    func `obeys its parent`(requiresIssuer: Bool) {
        var stage = Belief(requiresIssuer: requiresIssuer)
        stage.command(stage.issued("echo", to: stage.app))
        #expect(stage.stage.calls.count == 1)
    }

    @Test(arguments: [false, true])
    func `does not obey a command that was changed`(requiresIssuer: Bool) {
        var stage = Belief(requiresIssuer: requiresIssuer)
        var frame = stage.issued("echo", to: stage.app)
        frame.payload = "changed"
        stage.command(frame)
        #expect(stage.stage.calls == [])
        #expect(stage.answers.map(\.outcome) == [.failed])
    }

    @Test(arguments: [false, true])
    func `does not obey a command that was given to another`(requiresIssuer: Bool) {
        var stage = Belief(requiresIssuer: requiresIssuer)
        let other = AppID(high: 1, low: 0x8000_0000_0000_0000)
        var frame = stage.issued("echo", to: other)
        frame.appID = stage.app
        frame.target = other
        stage.command(frame)
        #expect(stage.stage.calls == [])
    }

    @Test(arguments: [false, true])
    func `does not obey a command for a subtree that it is not in`(requiresIssuer: Bool) {
        var stage = Belief(requiresIssuer: requiresIssuer)
        let other = AppID(high: 1, low: 0x8000_0000_0000_0000)
        stage.command(stage.issued("echo", to: other, scope: .subtree))
        #expect(stage.stage.calls == [])
    }

    @Test(arguments: [false, true])
    func `obeys a command for a subtree that it is in`(requiresIssuer: Bool) {
        var stage = Belief(requiresIssuer: requiresIssuer)
        stage.command(stage.issued("echo", to: Stage.parentID, scope: .subtree))
        #expect(stage.stage.calls.count == 1)
    }

    @Test func `obeys nobody else only when it is told so`() {
        for requiresIssuer in [false, true] {
            var stage = Belief(requiresIssuer: requiresIssuer)
            stage.command(.plain("echo", to: stage.app, 1, at: stage.stage.now))
            stage.command(stage.issued("echo", to: stage.app, by: SigningKey(seed: [UInt8](repeating: 3, count: 32))!))
            #expect(stage.stage.calls.count == (requiresIssuer ? 0 : 1))
            #expect(stage.answers.count { $0.outcome == .failed } == (requiresIssuer ? 2 : 0))
        }
    }

    @Test func `obeys an expired command only where the server's clock counts`() {
        for requiresIssuer in [false, true] {
            var stage = Belief(requiresIssuer: requiresIssuer)
            let frame = stage.issued("echo", to: stage.app)
            stage.stage.now = stage.stage.now + .seconds(4_000)
            stage.command(frame)
            #expect(stage.stage.calls.count == (requiresIssuer ? 0 : 1))
        }
    }

    @Test func `runs a command once by whatever name a server brings it`() {
        var stage = Belief(requiresIssuer: true)
        let frame = stage.issued("echo", to: stage.app)
        stage.command(frame)
        stage.stage.answer(.done)
        var again = frame
        again.commandID = frame.correlationID
        again.correlationID = CorrelationID(high: 8, low: 8)
        stage.command(again)
        #expect(stage.stage.calls.count == 1)
        #expect(stage.answers.map(\.correlationID) == [frame.correlationID, again.correlationID])
    }

    @Test func `obeys nobody when it must see an issuer and cannot check one`() {
        var stage = Stage(level: .open)
        let identity = ClientIdentity(
            appID: .random(using: &stage.dice), key: Stage.parent, level: .open, serverKey: nil, requiresIssuer: true,
            registration: nil)
        stage.server.apps[identity.appID] = ModelServer.App()
        stage.tell(.adopt(identity), .learn(identity.appID, action: "echo"))
        stage.run()
        stage.command(.plain("echo", to: identity.appID, 1, at: stage.now))
        #expect(stage.calls == [])
    }
}

/// A stage with an app under `Stage.parent`.
private struct Belief {
    var stage = Stage(level: .signed)
    let app: AppID

    init(requiresIssuer: Bool) {
        let parent = Ancestor(appID: Stage.parentID, publicKey: Stage.parent.publicKey)
        self.app = self.stage.join(ancestors: [parent], requiresIssuer: requiresIssuer)
        self.stage.tell(.learn(self.app, action: "echo"))
    }

    var answers: [ControlAckFrame] { self.stage.server.apps[self.app]?.answers ?? [] }

    mutating func command(_ frame: ControlFrame) { self.stage.command(frame) }

    func issued(
        _ action: String, to target: AppID, scope: ControlScope = .node, by key: SigningKey = Stage.parent
    ) -> ControlFrame {
        let command = IssuedCommand(
            target: target, scope: scope, action: action, correlationID: CorrelationID(high: 2, low: 2), payload: "p",
            issuedAt: self.stage.now, expiresAt: self.stage.now + .seconds(3_600))
        guard let issuer = try? command.issued(by: Stage.parentID, with: key, for: self.stage.server.key.publicKey)
        else { preconditionFailure("a command cannot be signed") }
        return ControlFrame(command, to: self.app, issuer: issuer)
    }
}
