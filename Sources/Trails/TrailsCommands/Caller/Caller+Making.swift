import DurableFiles
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// Making and finishing identities that a file keeps: the file first, then the server, so that no key is ever lost.
///
///     file with key ──► recovery code shown ──► registered
///
/// Killed anywhere, the next run finds the file, asks the server whether it knows the app, and goes on from there. A
/// code that was not followed by a registration is void: the next one replaces it. Of several at once, one shows a code
/// and registers, under a lock; the others wait for it and find what it has made.
extension Caller {
    /// Writes a new context, durably. Nobody else knows of it yet.
    func create(
        _ id: ContextID, endpoint: ServerEndpoint, pin: PublicKey?, encryption: ContextStore.Encryption? = nil
    ) throws -> (Context, RecoveryCode) {
        var dice = SystemRandomNumberGenerator()
        let code = RecoveryCode.random()
        let now = Timestamp.now()
        let context = Context(
            appID: .random(using: &dice), appName: id.name.text, server: endpoint.webSocketURL,
            privateKey: .random(), startDay: Int(now.startDay), createdAt: now, serverPublicKey: pin,
            securityLevel: Context.SecurityLevel(self.level(at: endpoint)), recoveryPublicKey: code.key.publicKey)
        try self.contexts.create(context, as: id, encryption: encryption)
        // As whoever comes next will find it: sealed, when it is encrypted.
        return (try self.contexts.read(id), code)
    }

    /// Takes the server's key into the file, when there is none: trust on first use.
    func pin(_ id: ContextID, _ context: Context, _ api: TrailsAPI) async throws -> Context {
        guard context.serverPublicKey == nil else { return context }
        let key = try await api.serverKey()
        Output.note("trusting the server \(api.endpoint) with the key \(key)")
        let passphrase = try context.isEncrypted ? self.passphrase(of: id) : nil
        return try self.contexts.update(id, passphrase: passphrase) { $0.serverPublicKey = key }
    }

    enum Finished {
        /// It was registered now.
        case new
        /// The server knew it.
        case known(AppView)

        var isNew: Bool {
            if case .new = self { true } else { false }
        }
    }

    /// Waits for others that are at it, as long as a server may be waited for.
    func makingLock() throws -> FileLock { try self.contexts.makingLock(within: .seconds(30)) }

    /// Registers what a context keeps, unless the server knows it.
    ///
    /// `code` is that of a context made just now, by a caller who holds the lock since then.
    func finish(
        _ id: ContextID, _ context: Context, _ api: TrailsAPI, code: RecoveryCode?, isPermanentRoot: Bool,
        lease: Duration? = nil
    ) async throws -> Finished {
        let identity = try self.identity(of: id)
        var (code, lock) = (code, FileLock?.none)
        if code == nil {
            if let app = try await self.known(identity, api) { return .known(app) }
            lock = try self.makingLock()
            if let app = try await self.known(identity, api) { return .known(app) }
            // Whether the earlier code was ever seen, nobody knows; nothing on the server depends on it yet.
            code = try self.renewRecoveryCode(id, context)
        }
        defer { lock?.release() }
        if let code {
            Output.note("recovery code of \(id.name), shown this once; keep it where the file is not:")
            Output.aside("\n    \(code.secretText)\n\n")
        }
        _ = try await api.register(
            RegisterAppBody(
                appID: identity.appID, parentID: nil, appName: context.appName, childKey: identity.key.publicKey,
                lease: lease ?? self.lease(nil), isPermanentRoot: isPermanentRoot, recoveryKey: code?.key.publicKey,
                level: SecurityLevel(context.securityLevel), scheduledAt: context.createdAt,
                processInfo: ThisProcess.callerInfo()),
            as: identity.credentials)
        return .new
    }

    /// What the server says of an app; `nil` when it does not know it.
    private func known(_ identity: Identity, _ api: TrailsAPI) async throws(TrailsError) -> AppView? {
        do throws(TrailsError) {
            return try await api.app(identity.appID, as: identity.credentials)
        } catch {
            guard error.code == .unknownApp else { throw error }
            return nil
        }
    }

    private func renewRecoveryCode(_ id: ContextID, _ context: Context) throws -> RecoveryCode {
        let code = RecoveryCode.random()
        let passphrase = try context.isEncrypted ? self.passphrase(of: id) : nil
        try self.contexts.update(id, passphrase: passphrase) { $0.recoveryPublicKey = code.key.publicKey }
        return code
    }
}
