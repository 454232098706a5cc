import DurableFiles
import Logging
import Synchronization
public import TrailsCore
import TrailsWire
public import Vocabulary
import WebTransport

/// An app's side of trailsd: it reports what the app does, and does what the app's ancestors ask.
///
/// ```swift
/// let trails = TrailsClient.initialize()          // from TRAILS_INFO; without it everything below does nothing
/// trails.on("pause") { _ in worker.pause() }
/// trails.onCancel(grace: .seconds(10)) { _ in await worker.stop() }
/// trails.status(["progress": 0.4, "note": "half of the rows"])
/// trails.result(["rows": 5_000_000])
/// await trails.shutdown()
/// ```
///
/// No call for reporting blocks, throws, or depends on the server in any way. What was reported is kept, up to 1,024
/// messages, until the server has acknowledged it, over any number of lost connections and restarts of the server; when
/// that is full the oldest Status that was never sent makes room. `flush(timeout:)` says whether all has arrived. What
/// is kept is in memory only, unless `TRAILS_SPOOL` names a directory.
///
/// All clients of a process share one thread.
public final class TrailsClient: Sendable {
    /// The app this is; `nil` for a client that does nothing.
    public let appID: AppID?
    /// `nil` for a client that holds no socket.
    let engine: ClientEngine?
    let config: TrailsConfig?
    private let held: Calls?
    private let isKnown = Atomic<Bool>(false)

    init(_ config: TrailsConfig?, engine: ClientEngine?) {
        self.appID = config?.info.appID
        self.config = config
        self.engine = engine
        self.held = config.map { Calls($0) }
    }
}

extension TrailsClient {
    /// What asks the server, once it knows the app; `nil` for a client that does nothing.
    func calls() async -> Calls? {
        guard let held else { return nil }
        if let engine, !self.isKnown.load(ordering: .relaxed), await engine.flush(timeout: .seconds(30)) {
            self.isKnown.store(true, ordering: .relaxed)
        }
        return held
    }
}

extension TrailsClient {
    /// The client of the app that this process is, as TRAILS_INFO says.
    ///
    /// Without TRAILS_INFO the client does nothing: no thread, no socket, no error. The same with one warning when it
    /// is there but cannot be used. Where another process speaks for that app, as `trails exec` and a pipeline do for
    /// the programs they start, the client is a new child of it, named after this program.
    public static func initialize() -> TrailsClient {
        Self.initialize(in: ThisProcess.environment)
    }

    package static func initialize(in environment: [String: String]) -> TrailsClient {
        guard let text = environment[TrailsInfo.variable] else { return TrailsClient(nil, engine: nil) }
        do throws(TrailsInfoError) {
            let info = try TrailsInfo(text: text)
            var config = Self.part(of: info, in: environment) ?? TrailsConfig(info: info)
            config.take(environment)
            if let problem = config.problem { return Self.idle(problem) }
            return Self.start(config)
        } catch {
            return Self.idle("\(error)")
        }
    }

    /// A new child of the app that `info` describes, if somebody else speaks for that app.
    private static func part(of info: TrailsInfo, in environment: [String: String]) -> TrailsConfig? {
        guard environment[TrailsInfo.heldVariable] == info.appID.description, let enrolment = info.enrolment else {
            return nil
        }
        let parent = TrailsConfig(info: info, key: enrolment.derivedKey())
        let serverKey = info.serverKey ?? enrolment.declaration.declaration.serverKey
        let name = CommandLine.arguments.first?.split(separator: "/").last.map { String($0.prefix(60)) }
        return try? Self.child(name ?? info.appName, of: parent, serverKey: serverKey, [:], .seconds(300))
    }

    private static func idle(_ problem: String) -> TrailsClient {
        Logger(label: "trails").warning("nothing is reported", metadata: ["reason": "\(problem)"])
        return TrailsClient(nil, engine: nil)
    }

    /// Begins to speak for a new app, or for a new life of one.
    static func start(_ config: TrailsConfig) -> TrailsClient {
        var dice = SystemRandomNumberGenerator()
        return Self.start(config, nonce: .request(using: &dice))
    }

    static func start(
        _ config: TrailsConfig, nonce: Nonce?, notice: (@Sendable (String) -> Void)? = nil
    ) -> TrailsClient {
        let engine = ClientEngine(
            endpoint: config.info.server, trust: config.trust, spool: Self.spool(config), notice: notice)
        engine.tell(.adopt(config.identity(process: .current(), nonce: nonce)))
        return TrailsClient(config, engine: engine)
    }

    private static func spool(_ config: TrailsConfig) -> Spool? {
        guard let directory = config.spoolDirectory else { return nil }
        do throws(FileError) {
            return try Spool(
                in: directory, server: config.info.server, serverKey: config.info.serverKey, on: POSIXFileSystem())
        } catch {
            Logger(label: "trails").warning("there is no spool", metadata: ["reason": "\(error.message)"])
            return nil
        }
    }
}

extension TrailsConfig {
    /// Why no client can be made of it.
    var problem: String? {
        switch self.info.level {
        case .encrypted: "level encrypted is not spoken by this version"
        case .full where !self.info.server.isTLS: "level full needs a server with wss, not \(self.info.server)"
        case .signed, .full: self.info.serverKey == nil ? "the server's key is not known" : nil
        case .open: nil
        }
    }
}

// MARK: - Reporting

extension TrailsClient {
    /// Says how far the app is. Returns at once.
    ///
    /// People's tools show the members `progress` (0 to 1) and `note` of an object.
    public func status(_ payload: JSONValue) { self.report(.status, .json(payload)) }

    /// Says how far the app is. Returns at once; the value becomes JSON on another thread.
    public func status(_ payload: some Encodable & Sendable) { self.report(.status, .value(payload)) }

    /// Says how far the app is, from 0 to 1, and what it is at. Returns at once.
    public func status(progress: Double, note: String? = nil) {
        self.report(.status, .json(["progress": .double(progress), "note": note.map { .string($0) } ?? .null]))
    }

    /// Hands over what the app has made: it has ended well. Returns at once.
    ///
    /// Is kept until the server has it, whatever else has to go.
    public func result(_ payload: JSONValue) { self.report(.result, .json(payload)) }

    /// Hands over what the app has made: it has ended well. Returns at once.
    public func result(_ payload: some Encodable & Sendable) { self.report(.result, .value(payload)) }

    /// Says that the app has ended badly, and how. Returns at once.
    ///
    /// Is kept until the server has it, whatever else has to go.
    public func error(_ message: String, detail: JSONValue? = nil) {
        var payload: JSONObject = ["message": .string(message)]
        if let detail { payload["detail"] = detail }
        self.report(.error, .json(.object(payload)))
    }

    /// Says that the app has ended badly, and how. Returns at once.
    public func error(_ message: String, detail: some Encodable & Sendable) {
        switch Payload.value(detail).json() {
        case .success(let json): self.error(message, detail: json)
        case .failure(let error): self.error(message, detail: ClientCore.note(error.reason))
        }
    }

    private func report(_ kind: MessageKind, _ payload: Payload) {
        guard let engine, let appID else { return }
        engine.report(Inbox.Report(app: appID, kind: kind, timestamp: .now(), payload: payload))
    }

    /// Waits until the server knows the app and has acknowledged everything reported so far; `false` when that takes
    /// longer than `timeout`, or will never be.
    ///
    /// A Status that had to make room for newer ones does not count. A client that does nothing answers `true`.
    public func flush(timeout: Duration = .seconds(10)) async -> Bool {
        guard let engine else { return true }
        return await engine.flush(timeout: timeout)
    }

    /// Says goodbye and ends the connection; what is reported later goes nowhere.
    ///
    /// Waits for acknowledgements, for at most some seconds. An app without a Result counts as done. With `.detached`
    /// the app goes on without a connection: it may come back with `resume`.
    public func shutdown(_ reason: DisconnectReason = .completed) async {
        guard let engine, let appID else { return }
        engine.tell(.leave(appID, reason))
        await engine.finished()
    }
}

// MARK: - Obeying

extension TrailsClient {
    /// Does what an ancestor asks for with `action`, and answers with what `handler` returns.
    ///
    /// Commands run one after another. A handler that throws answers `failed` with the error's text. A command that is
    /// delivered twice runs once. One without a handler is answered `unknown_action`, but not in the first second.
    public func on(_ action: String, perform handler: @escaping @Sendable (JSONValue) async throws -> JSONValue) {
        self.on(action, anyway: handler)
    }

    /// Does what an ancestor asks for with `action`, and answers with the JSON of what `handler` returns.
    public func on<Answer: Encodable & Sendable>(
        _ action: String, perform handler: @escaping @Sendable (JSONValue) async throws -> Answer
    ) {
        self.on(action, anyway: { payload in try await Payload.value(handler(payload)).json().get() })
    }

    /// Does what an ancestor asks for with `action`.
    public func on(_ action: String, perform handler: @escaping @Sendable (JSONValue) async throws -> Void) {
        self.on(
            action,
            anyway: { payload in
                try await handler(payload)
                return nil
            })
    }

    private func on(_ action: String, anyway handler: @escaping Hooks.Handler) {
        guard let engine, let appID else { return }
        precondition(action != CancelBody.action, "a cancel is met by onCancel")
        engine.hooks.set(handler, for: action, of: appID)
        engine.tell(.learn(appID, action: action))
    }

    /// Cleans up when an ancestor cancels the app. When `hook` returns, the cancel is acknowledged and the client says
    /// goodbye; the process should then end. A hook that throws refuses: the app is recorded as killed by force when
    /// its time is over.
    ///
    /// The hook has `grace` at most, and less when who cancels gives less. It runs once, beside whatever command is
    /// running. Without a hook an app cannot be cancelled gently.
    public func onCancel(
        grace: Duration = .seconds(30), perform hook: @escaping @Sendable (CancelContext) async throws -> Void
    ) {
        guard let engine, let appID else { return }
        engine.hooks.setCancel(of: appID, grace: grace, hook)
        engine.tell(.learn(appID, action: CancelBody.action))
    }
}
