package import TrailsCore
package import TrailsWire
package import Vocabulary

/// What changes something. Each may be repeated: the server knows the identity and answers as the first time.
extension TrailsAPI {
    /// Declares a child; the caller is its parent, or above that.
    package func declare(_ child: DeclareChildBody, as credentials: Credentials) async throws(TrailsError) -> AppView {
        try await self.call("POST", "/children", as: credentials, answer: AppView.self) { _ in child.json }
    }

    /// Takes a declaration back, as long as the child has not registered.
    package func withdraw(_ id: AppID, as credentials: Credentials) async throws(TrailsError) -> AppView {
        try await self.call("DELETE", "/children/\(id)", as: credentials, answer: AppView.self)
    }

    /// Registers an app that holds no socket. With `enrolment` it proves that it is the child that was meant.
    package func register(
        _ app: RegisterAppBody, enrolment: Enrolment? = nil, as credentials: Credentials
    ) async throws(TrailsError) -> RegisteredAppView {
        try await self.call("POST", "/apps", as: credentials, answer: RegisteredAppView.self) { nonce in
            var body = app
            if let enrolment {
                body.declaration = enrolment.declaration
                body.enrolSignature = enrolment.proof(of: credentials.key.publicKey, nonce: nonce).signature
            }
            return body.json
        }
    }

    /// Reports. With `enrolment` an app that has not registered does so in the same commit.
    package func report(
        _ message: PostedMessage, of id: AppID, enrolment: Enrolment? = nil, name: String = "",
        process: ProcessFacts? = nil, as credentials: Credentials
    ) async throws(TrailsError) -> MessageReceipt {
        try await self.call(
            "POST", "/apps/\(id)/messages", as: credentials, answer: MessageReceipt.self
        ) { nonce in
            var message = message
            if let enrolment {
                let proof = enrolment.proof(of: credentials.key.publicKey, nonce: nonce)
                message.enrolment = EnrolmentBody(
                    declaration: enrolment.declaration, enrolSignature: proof.signature, appName: name,
                    processInfo: process)
            }
            return PostMessagesBody(message).json
        }
    }

    /// Posts what an app has left in its spool. The messages' own signatures are their authority; the call is signed
    /// with a key that nobody knows, so that the answer is signed as well.
    package func post(_ spooled: SpoolBody) async throws(TrailsError) -> [SpoolReceipt] {
        guard let app = spooled.messages.first?.message.appID else { return [] }
        var dice = SystemRandomNumberGenerator()
        let nobody = Credentials(app: app, key: .random(using: &dice))
        return try await self.call("POST", "/spool", as: nobody, answer: Page<SpoolReceipt>.self) { _ in spooled.json }
            .items
    }

    /// Leaves the tree.
    package func disconnect(
        _ id: AppID, reason: String, as credentials: Credentials
    ) async throws(TrailsError) -> AppView {
        try await self.call("POST", "/apps/\(id)/disconnect", as: credentials, answer: AppView.self) { _ in
            DisconnectBody(reason: reason).json
        }
    }

    /// Gives a command, and waits for the answers for as long as `wait` says.
    package func control(
        _ command: IssuedCommand, timeToLive: Duration? = nil, wait: Duration? = nil, as credentials: Credentials
    ) async throws(TrailsError) -> ControlView {
        let issuer = try await self.issuer(of: command, credentials)
        let body = ControlBody(command, issuer: issuer, timeToLive: timeToLive)
        let query = Query(("wait", wait.map { String($0.components.seconds) }))
        return try await self.call(
            "POST", "/apps/\(command.target)/control\(query.text)", as: credentials, waiting: wait ?? .zero,
            answer: ControlView.self
        ) { _ in body.json }
    }

    /// Starts a cancel. The same `cascadeID` is the same cancel.
    package func cancel(
        _ target: AppID, cascade: Bool, cascadeID: CascadeID, reason: String? = nil, grace: Duration? = nil,
        as credentials: Credentials
    ) async throws(TrailsError) -> CascadeView {
        let now = self.clock()
        var body = CancelBody(
            cascadeID: cascadeID, reason: reason, grace: grace, issuedAt: now, expiresAt: now + Self.cancelLifetime)
        if let command = body.command(to: target, cascade: cascade) {
            body.issuer = try await self.issuer(of: command, credentials)
        }
        let signed = body
        let query = Query(("cascade", cascade ? "true" : nil))
        return try await self.call(
            "POST", "/apps/\(target)/cancel\(query.text)", as: credentials, answer: CascadeView.self
        ) { _ in signed.json }
    }

    /// How long an app that was away may still believe a cancel: as long as apps are away.
    private static let cancelLifetime = Duration.seconds(30 * 86_400)

    package func revoke(
        _ id: AppID, reason: String? = nil, as credentials: Credentials
    ) async throws(TrailsError) -> AppView {
        try await self.call("POST", "/admin/revocations", as: credentials, answer: AppView.self) { _ in
            RevokeBody(appID: id, reason: reason).json
        }
    }

    /// Gives an app a new key. The caller is above it, the admin, or holds the recovery key.
    package func rekey(
        _ id: AppID, to key: SigningKey, as credentials: Credentials
    ) async throws(TrailsError) -> AppView {
        let serverKey = try await self.serverKey()
        return try await self.call("POST", "/apps/\(id)/rekey", as: credentials, answer: AppView.self) {
            (_) throws(TrailsError) in
            do throws(FrameError) {
                return try RekeyBody(app: id, key: key, for: serverKey).json
            } catch {
                throw TrailsError(.data, error.message, hint: error.hint)
            }
        }
    }

    /// Says from where the key of an app may be used. The app itself may only narrow it, from inside.
    package func bind(
        _ id: AppID, to ranges: [AddressRange], as credentials: Credentials
    ) async throws(TrailsError) -> AppView {
        try await self.call("POST", "/apps/\(id)/bind", as: credentials, answer: AppView.self) { _ in
            BindBody(ranges: ranges).json
        }
    }

    /// Signs a command, so that its target need not believe the server. The admin signs none.
    private func issuer(
        of command: IssuedCommand, _ credentials: Credentials
    ) async throws(TrailsError) -> Issuer? {
        guard let app = credentials.app else { return nil }
        let serverKey = try await self.serverKey()
        do throws(FrameError) {
            return try command.issued(by: app, with: credentials.key, for: serverKey)
        } catch {
            throw TrailsError(.data, error.message, hint: error.hint)
        }
    }
}
