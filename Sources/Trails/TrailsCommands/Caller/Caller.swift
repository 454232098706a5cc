import DurableFiles
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The process that called the program: its environment, its files, and in whose name it acts.
struct Caller: Sendable {
    let options: IdentityOptions
    let environment: [String: String]
    let home: String
    let contexts: ContextStore
    let sessions: SessionStore
    let config: Config
    let passphrases = PassphraseMemory()
    private let trust: TLSTrust
    /// TRAILS_PATIENCE; `nil` where each command has its own.
    private let patience: Duration?

    init(_ options: IdentityOptions, environment: [String: String] = Self.processEnvironment()) throws {
        self.options = options
        self.environment = environment
        let home = try Self.home(environment)
        self.home = home
        let files = POSIXFileSystem()
        self.contexts = ContextStore(home: home, on: files, now: Timestamp.now)
        self.sessions = SessionStore(home: home, on: files, processes: LinuxProcessTable(), now: Timestamp.now)
        self.config = try Config.read(home: home, on: files)
        for warning in self.config.warnings { Output.warn(warning) }
        let authority = environment["TRAILS_CA"] ?? ""
        self.trust = authority.isEmpty ? .system : .authority(file: authority)
        self.patience = try Self.patience(environment)
    }

    private static func patience(_ environment: [String: String]) throws -> Duration? {
        guard let text = environment["TRAILS_PATIENCE"], !text.isEmpty else { return nil }
        guard let patience = DurationArgument(argument: text)?.value else {
            throw CommandFailure.usage("TRAILS_PATIENCE is not a duration", hint: "write it like 30s, 5m or 0")
        }
        return patience
    }

    /// How long a server is waited for that is away: `own`, unless the caller said otherwise.
    func patience(_ own: Duration) -> Duration { self.patience ?? own }

    private static func home(_ environment: [String: String]) throws -> String {
        if let home = environment["TRAILS_HOME"], !home.isEmpty {
            guard home.hasPrefix("/") else {
                throw CommandFailure.usage("TRAILS_HOME is not an absolute path", hint: "begin it with a slash")
            }
            return home.count > 1 && home.hasSuffix("/") ? String(home.dropLast()) : home
        }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.trails" }
        guard let entry = getpwuid(geteuid()), let home = entry.pointee.pw_dir else {
            throw CommandFailure.usage("this user has no home directory", hint: "set TRAILS_HOME")
        }
        return String(cString: home) + "/.trails"
    }

    static func processEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let sign = text.firstIndex(of: "=") {
                variables[String(text[..<sign])] = String(text[text.index(after: sign)...])
            }
            next += 1
        }
        return variables
    }

    /// Calls to the server of an identity.
    func api(_ identity: Identity, patience: Duration = .zero) -> TrailsAPI {
        self.api(at: identity.endpoint, key: identity.serverKey, patience: patience)
    }

    func api(at endpoint: ServerEndpoint, key: PublicKey?, patience: Duration = .zero) -> TrailsAPI {
        TrailsAPI(
            endpoint: endpoint, serverKey: key, trust: self.trust, http: SharedHTTPClient.with(trust: self.trust),
            patience: self.patience(patience))
    }

    /// The security level of a new tree on a server.
    func level(at endpoint: ServerEndpoint) -> SecurityLevel {
        self.config.securityLevel.map { SecurityLevel($0) } ?? (endpoint.isTLS ? .full : .signed)
    }

    func lease(_ option: DurationArgument?) -> Duration {
        option?.value ?? self.config.lease ?? .seconds(24 * 3_600)
    }

    func paint() -> Paint {
        .forOutput(isTerminal: Terminal.isOutput, environment: self.environment, config: self.config)
    }
}

extension SecurityLevel {
    init(_ level: Context.SecurityLevel) {
        switch level {
        case .open: self = .open
        case .signed: self = .signed
        case .encrypted: self = .encrypted
        case .full: self = .full
        }
    }
}

extension Context.SecurityLevel {
    init(_ level: SecurityLevel) {
        switch level {
        case .open: self = .open
        case .signed: self = .signed
        case .encrypted: self = .encrypted
        case .full: self = .full
        }
    }
}
