import DurableFiles
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

extension Caller {
    /// Who am I?
    func whoAmI() throws -> Identity {
        switch try self.source() {
        case .selection:
            guard let root = try self.selectedRoot() else { throw Self.nobody }
            return root
        case let source: return try self.identity(source)
        }
    }

    /// What commands without an id are about: the selected root, where one is selected, else who-am-I.
    func subject() throws -> Identity {
        switch try self.source() {
        case .file, .named, .info: return try self.whoAmI()
        case .environment: return try self.selectedRoot(orNoSession: true) ?? self.whoAmI()
        case .selection: return try self.whoAmI()
        }
    }

    /// All keys at hand, nearest to the caller first.
    func held() throws -> [Identity] {
        let me = try self.whoAmI()
        let subject = try self.subject()
        return me.appID == subject.appID ? [me] : [me, subject]
    }

    private func source() throws -> IdentitySource {
        try .whoAmI(as: self.options.identity, environment: self.environment)
    }

    private static var nobody: CommandFailure {
        .usage(
            "nothing says in whose name to act",
            hint: "choose a root with \"trails use NAME\", or set TRAILS_APP=NAME; \"trails contexts\" lists them")
    }

    /// The root that `trails use` chose, or TRAILS_APP; `nil` when nobody chose one.
    private func selectedRoot(orNoSession: Bool = false) throws -> Identity? {
        let selection: SessionStore.Selection
        do throws(ContextError) {
            selection = try self.sessions.selection(environment: self.environment)
        } catch {
            if orNoSession, error.code == .noSession { return nil }
            throw error
        }
        switch selection {
        case .nothing: return nil
        case .failed:
            throw CommandFailure.usage(
                "the last \"trails use\" in this session failed, so nothing is selected",
                hint: "run \"trails use NAME\" again; \"trails contexts\" lists the names")
        case .context(let name, let kind):
            return try self.identity(of: self.contexts.find(name, kind: kind ?? self.kind(of: name)))
        }
    }

    /// A name alone means the root, where there is one.
    private func kind(of name: ContextName) throws -> ContextID.Kind? {
        try self.options.kind ?? (self.contexts.exists(name, kind: .root) ? .root : nil)
    }

    private func identity(_ source: IdentitySource) throws -> Identity {
        switch source {
        case .named(let name):
            return try self.identity(of: self.contexts.find(ContextName(name), kind: self.options.kind))
        case .file(let path):
            let (id, store) = try self.contextFile(path)
            return try self.identity(store.read(id), id, in: store, origin: .file(path))
        case .info(let text):
            var identity = try Identity(info: text)
            identity.endpoint = try self.endpoint(own: identity.endpoint.description, isOwnFirst: true)
            return identity
        case .environment(let appID, let key):
            let pin = self.environment["TRAILS_SERVER_KEY"].flatMap { $0.isEmpty ? nil : $0 }
            let serverKey = pin.flatMap { PublicKey(EvalOutput.decoded($0)) }
            guard pin == nil || serverKey != nil else {
                throw CommandFailure.usage("TRAILS_SERVER_KEY is not a public key", hint: "write it ed25519:BASE64")
            }
            return Identity(
                origin: .environment, appID: appID, key: key, endpoint: try self.endpoint(own: nil, isOwnFirst: false),
                serverKey: serverKey)
        case .selection: throw Self.nobody
        }
    }

    /// The identity that a context keeps, its key opened.
    func identity(of id: ContextID) throws -> Identity {
        try self.identity(self.contexts.read(id), id, in: self.contexts, origin: .context(id))
    }

    private func identity(
        _ context: Context, _ id: ContextID, in store: ContextStore, origin: Identity.Origin
    ) throws -> Identity {
        let opened = context.privateKey == nil ? try self.open(id, in: store) : context
        guard let seed = opened.privateKey, let key = SigningKey(seed: seed.bytes) else {
            throw CommandFailure(78, "the \(id) holds no private key", hint: "give it a new one: trails context rekey")
        }
        let isEvaluated = !(self.environment["TRAILS_APP_ID"] ?? "").isEmpty
        return Identity(
            origin: origin, appID: opened.appID, key: key, name: opened.appName,
            endpoint: try self.endpoint(own: opened.server, isOwnFirst: isEvaluated),
            serverKey: opened.serverPublicKey, level: SecurityLevel(opened.securityLevel))
    }

    private func endpoint(own: String?, isOwnFirst: Bool) throws -> ServerEndpoint {
        try ServerChoice.endpoint(
            option: self.options.server, environment: self.environment, own: own, isOwnFirst: isOwnFirst,
            config: self.config.server)
    }

    /// The server for something new.
    func newEndpoint() throws -> ServerEndpoint { try self.endpoint(own: nil, isOwnFirst: false) }

    /// `HOME/APP/root.yml` or `HOME/contexts/NAME.yml`, in any home.
    private func contextFile(_ path: String) throws -> (ContextID, ContextStore) {
        let absolute = path.hasPrefix("/") ? path : "\(self.environment["PWD"] ?? ".")/\(path)"
        let parts = absolute.split(separator: "/").map(String.init)
        guard parts.count >= 3, let file = parts.last, file.hasSuffix(".yml") else {
            throw CommandFailure.usage(
                "\(path) is not the place of a context", hint: "it is called APP/root.yml or contexts/NAME.yml")
        }
        let home = "/" + parts.dropLast(2).joined(separator: "/")
        let folder = parts[parts.count - 2]
        let id =
            folder == "contexts"
            ? ContextID(try ContextName(String(file.dropLast(4))), .kept) : ContextID(try ContextName(folder), .root)
        guard folder == "contexts" || file == "root.yml" else {
            throw CommandFailure.usage(
                "\(path) is not the place of a context", hint: "it is called APP/root.yml or contexts/NAME.yml")
        }
        return (id, ContextStore(home: home, on: POSIXFileSystem(), now: Timestamp.now))
    }
}
