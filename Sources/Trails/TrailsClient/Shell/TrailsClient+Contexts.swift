import DurableFiles
import TrailsContexts
public import TrailsCore
public import TrailsWire
public import Vocabulary

// Parents that outlive their process: their key is in a file before the server hears of them.

extension TrailsClient {
    /// The client of the app that `config` describes, a new root or a child that was created for this process.
    ///
    /// With `directory` the identity is first kept there, as `contexts/NAME.yml` under the app's name, so that
    /// `resume` can come back with it; a name that is taken is refused. Above `open` the server's key is asked for
    /// when `config` does not pin it: that, and the file, are all that can fail here.
    public static func initialize(
        with config: TrailsConfig, persist directory: String? = nil
    ) async throws(TrailsFailure) -> TrailsClient {
        var config = config
        if config.info.serverKey == nil, config.info.level > .open {
            config.info.serverKey = try await Calls(config).make { (api, _) throws(TrailsError) in
                try await api.serverKey()
            }
        }
        if let problem = config.problem { throw TrailsFailure(code: .refused, message: problem, hint: nil) }
        if let directory {
            let kept = config
            try Self.withStore(directory) { (store) throws(ContextError) in
                try store.create(try kept.context(), as: ContextID(try ContextName(kept.info.appName), .kept))
            }
        }
        return Self.start(config)
    }

    /// Comes back as the app whose identity is kept under `name` in `directory`, with full control of what is below.
    ///
    /// A kept app connects again. A permanent root holds no connection; its client commands, reads and waits.
    /// `passphrase` opens an encrypted file.
    public static func resume(
        _ name: String, from directory: String, passphrase: String? = nil
    ) async throws(TrailsFailure) -> TrailsClient {
        let (id, context) = try Self.withStore(directory) { (store) throws(ContextError) in
            let id = try store.find(try ContextName(name))
            return (id, try store.read(id, passphrase: passphrase))
        }
        var config = try TrailsConfig(context)
        if config.info.serverKey == nil, config.info.level > .open {
            config.info.serverKey = try await Calls(config).make { (api, _) throws(TrailsError) in
                try await api.serverKey()
            }
        }
        if let problem = config.problem { throw TrailsFailure(code: .refused, message: problem, hint: nil) }
        if id.kind == .root { return TrailsClient(config, engine: nil) }
        return Self.start(config, nonce: nil)
    }

    /// The permanent root `name`: made, kept in `directory` and registered, or found there.
    ///
    /// It never ends, and holds no connection: `run` makes the children that do. Its file is the only key to all of
    /// them; `trails init-app` makes one with a recovery code.
    public static func initApp(
        _ name: String, server: ServerEndpoint, in directory: String, level: SecurityLevel = .signed
    ) async throws(TrailsFailure) -> TrailsClient {
        var config = TrailsConfig(appName: name, server: server, level: level)
        let fresh = config
        let context = try Self.withStore(directory) { (store) throws(ContextError) in
            let id = ContextID(try ContextName(name), .root)
            if try !store.exists(id.name, kind: .root) { try store.create(try fresh.context(), as: id) }
            return try store.read(id)
        }
        config = try TrailsConfig(context)
        guard config.info.server == server else {
            throw .context("the root \(name) belongs to \(config.info.server)", hint: "choose another name")
        }
        if config.info.serverKey == nil {
            let key = try await Calls(config).make { (api, _) throws(TrailsError) in try await api.serverKey() }
            _ = try Self.withStore(directory) { (store) throws(ContextError) in
                try store.update(ContextID(try ContextName(name), .root)) { $0.serverPublicKey = key }
            }
            config.info.serverKey = key
        }
        try await Self.register(config)
        return TrailsClient(config, engine: nil)
    }

    /// Registers a root unless the server knows it.
    private static func register(_ config: TrailsConfig) async throws(TrailsFailure) {
        try await Calls(config).make { (api, credentials) throws(TrailsError) in
            do throws(TrailsError) {
                _ = try await api.app(config.info.appID, as: credentials)
            } catch {
                guard error.code == .unknownApp else { throw error }
                _ = try await api.register(
                    RegisterAppBody(
                        appID: config.info.appID, parentID: nil, appName: config.info.appName,
                        childKey: config.key.publicKey, lease: .seconds(86_400), isPermanentRoot: true,
                        level: config.info.level, scheduledAt: config.info.scheduledAt, processInfo: .current()),
                    as: credentials)
            }
        }
    }

    /// Begins a run: a new child of this app that this process is from now on, beside what it was.
    public func run(_ name: String, tags: JSONObject = [:]) async throws(TrailsFailure) -> TrailsClient {
        Self.start(try await self.createChild(name, tags: tags))
    }

    private static func withStore<Answer>(
        _ directory: String, _ work: (ContextStore) throws(ContextError) -> Answer
    ) throws(TrailsFailure) -> Answer {
        do throws(ContextError) {
            return try work(ContextStore(home: directory, on: POSIXFileSystem()) { .now() })
        } catch {
            throw .context(error.message, hint: error.hint)
        }
    }
}

extension TrailsConfig {
    fileprivate func context() throws(ContextError) -> Context {
        guard let seed = PrivateSeed(bytes: self.key.seed),
            let level = Context.SecurityLevel(rawValue: self.info.level.rawValue)
        else { preconditionFailure("a key of \(self.key.seed.count) bytes") }
        return Context(
            appID: self.info.appID, appName: self.info.appName, server: self.info.server.webSocketURL,
            privateKey: seed, startDay: Int(self.info.scheduledAt.startDay), createdAt: self.info.scheduledAt,
            serverPublicKey: self.info.serverKey, securityLevel: level)
    }

    fileprivate init(_ context: Context) throws(TrailsFailure) {
        guard let seed = context.privateKey, let key = SigningKey(seed: seed.bytes) else {
            throw .context("the context is encrypted", hint: "give the passphrase")
        }
        guard let server = try? ServerEndpoint(context.server),
            let level = SecurityLevel(rawValue: context.securityLevel.rawValue)
        else { throw .context("the context names no server that can be reached: \(context.server)") }
        self.init(
            info: TrailsInfo(
                appID: context.appID, parentID: nil, appName: context.appName, server: server,
                serverKey: context.serverPublicKey, level: level, scheduledAt: context.createdAt),
            key: key)
    }
}
