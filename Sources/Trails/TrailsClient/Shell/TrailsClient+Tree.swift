import TrailsCore
package import TrailsWire
public import Vocabulary

// What needs an answer of the server: an unreachable one is tried for half a minute.

extension TrailsClient {
    /// Declares a child; the answer is what a process needs to be that child (`TrailsConfig.environment`).
    ///
    /// The child knows who is above it, and can so refuse commands that none of them has signed.
    public func createChild(
        _ name: String, tags: JSONObject = [:], startDeadline: Duration = .seconds(300)
    ) async throws(TrailsFailure) -> TrailsConfig {
        guard let config, let calls = await self.calls() else { throw .idle }
        let serverKey = try await calls.make { (api, _) throws(TrailsError) in try await api.serverKey() }
        let child = try Self.child(name, of: config, serverKey: serverKey, tags, startDeadline)
        guard let enrolment = child.info.enrolment else { preconditionFailure("a child without an enrolment") }
        let body = DeclareChildBody(enrolment.declaration, appName: name, tags: tags)
        _ = try await calls.make { (api, credentials) throws(TrailsError) in
            try await api.declare(body, as: credentials)
        }
        return child
    }

    static func child(
        _ name: String, of parent: TrailsConfig, serverKey: PublicKey, _ tags: JSONObject, _ startDeadline: Duration
    ) throws(TrailsFailure) -> TrailsConfig {
        var dice = SystemRandomNumberGenerator()
        let enrolKey = SigningKey.random(using: &dice)
        let declaration = Declaration(
            appID: .random(using: &dice), parentID: parent.info.appID, enrolKey: enrolKey.publicKey,
            level: parent.info.level, roleRefs: parent.info.roleRefs, startDeadline: startDeadline,
            scheduledAt: .now(), serverKey: serverKey)
        do throws(FrameError) {
            let enrolment = Enrolment(seed: enrolKey.seed, declaration: try declaration.signed(by: parent.key))
            let above = Ancestor(appID: parent.info.appID, publicKey: parent.key.publicKey)
            var child = TrailsConfig(
                info: TrailsInfo(
                    appID: declaration.appID, parentID: parent.info.appID, appName: name, server: parent.info.server,
                    serverKey: serverKey, level: parent.info.level, scheduledAt: declaration.scheduledAt,
                    startDeadline: startDeadline, originator: parent.info.originator, roleRefs: parent.info.roleRefs,
                    tags: tags, enrolment: enrolment, ancestors: [above] + parent.info.ancestors,
                    traceparent: parent.info.traceparent))
            child.certificateAuthority = parent.certificateAuthority
            return child
        } catch {
            throw TrailsFailure(code: .refused, message: error.message, hint: error.hint)
        }
    }

    /// This app and everything below it.
    public func tree() async throws(TrailsFailure) -> [TrailsApp] {
        guard let appID, let calls = await self.calls() else { throw .idle }
        return try await calls.make { (api, credentials) throws(TrailsError) in
            try await api.subtree(of: appID, as: credentials).map(TrailsApp.init)
        }
    }

    /// Waits until an app below this one has ended, or is given up as lost; cancel the task to give up.
    ///
    /// The server is away for ten minutes at most: then this throws `unreachable`.
    public func wait(for app: AppID) async throws(TrailsFailure) -> TrailsApp {
        let ended = try await self.wait(for: [app])
        guard let found = ended[app] else {
            throw TrailsFailure(code: .refused, message: "the wait was cut", hint: nil)
        }
        return found
    }

    /// Waits until all of these apps below this one have ended, or are given up as lost.
    public func wait(for apps: [AppID]) async throws(TrailsFailure) -> [AppID: TrailsApp] {
        guard let calls = await self.calls() else { throw .idle }
        let waiting = try await calls.make { (api, credentials) throws(TrailsError) in
            try await api.wait(for: Waiting(for: .these(apps), endsWithFirst: false), as: credentials)
        }
        return waiting.outcomes.mapValues { TrailsApp($0.app) }
    }

    /// Gives an app below this one a command, and waits for its answer up to `wait`; `nil` when there is none by then.
    ///
    /// The command is kept for the app for an hour, also when it is away.
    public func send(
        to app: AppID, action: String, payload: JSONValue = .null, wait: Duration = .seconds(30)
    ) async throws(TrailsFailure) -> TrailsAnswer? {
        try await self.send(to: app, action, payload, scope: .node, filter: nil, wait: wait).first
    }

    /// Gives a command to an app below this one and to all below that, or to those of them whose tags hold `filter`;
    /// the answers are those that came within `wait`.
    public func send(
        toAllUnder app: AppID, action: String, payload: JSONValue = .null, filter: JSONObject? = nil,
        wait: Duration = .seconds(30)
    ) async throws(TrailsFailure) -> [TrailsAnswer] {
        try await self.send(to: app, action, payload, scope: .subtree, filter: filter, wait: wait)
    }

    private func send(
        to app: AppID, _ action: String, _ payload: JSONValue, scope: ControlScope, filter: JSONObject?,
        wait: Duration
    ) async throws(TrailsFailure) -> [TrailsAnswer] {
        guard let calls = await self.calls() else { throw .idle }
        var dice = SystemRandomNumberGenerator()
        let now = Timestamp.now()
        let command = IssuedCommand(
            target: app, scope: scope, filter: filter, action: action, correlationID: .random(using: &dice),
            payload: payload, issuedAt: now, expiresAt: now + .seconds(3_600))
        let view = try await calls.make { (api, credentials) throws(TrailsError) in
            try await api.control(command, wait: wait, as: credentials)
        }
        return view.answers.map(TrailsAnswer.init)
    }

    /// Ends what is below this app: gently, deepest first; with `cascade: false` nothing but `app` itself.
    ///
    /// Without `app` it is this app that is cancelled, or for a permanent root everything below it. The server goes on
    /// with it whatever becomes of this process; the answer says how it began.
    public func cancel(
        _ app: AppID? = nil, cascade: Bool = true, reason: String? = nil, grace: Duration? = nil
    ) async throws(TrailsFailure) -> TrailsCascade {
        guard let appID, let calls = await self.calls() else { throw .idle }
        var dice = SystemRandomNumberGenerator()
        let id = CascadeID.random(using: &dice)
        return try await calls.make { (api, credentials) throws(TrailsError) in
            TrailsCascade(
                try await api.cancel(
                    app ?? appID, cascade: cascade, cascadeID: id, reason: reason, grace: grace, as: credentials))
        }
    }
}

extension TrailsClient {
    /// What the server has of this app's reports, in their order.
    package func reported() async throws(TrailsFailure) -> [MessageView] {
        guard let appID, let calls = await self.calls() else { throw .idle }
        return try await calls.make { (api, credentials) throws(TrailsError) in
            try await api.messages(of: appID, as: credentials)
        }
    }
}
