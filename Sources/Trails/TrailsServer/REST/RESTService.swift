import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

/// The REST side of the server (spec/trails.md §12): who calls, may it, do it, say what came of it.
struct RESTService<Reader: TrailsReader>: Sendable {
    let reader: Reader
    /// Hands commands to the writer, all or (answering `false`) none.
    let submit: @Sendable ([Job]) -> Bool
    let board: AnswerBoard
    let replays: ReplayGuard
    let key: SigningKey
    let adminKey: PublicKey
    let instance: String
    let version: String
    let startedAt: Timestamp
    let allowedHosts: AllowedHosts
    let isOpenAllowed: Bool
    let isSecure: Bool
    /// Bytes of one message.
    let messageMax: Int
    let metrics: ServerMetrics
    let logger: Logger
    let now: @Sendable () -> Timestamp
    let tree: @Sendable () -> ProcessTree
    /// Whether the server was told to stop: then nothing more is taken that changes something.
    let isDraining: @Sendable () -> Bool
    /// Whether the store can be written to, as far as is known.
    let isReady: @Sendable () -> Bool

    typealias Context = TrailsRequestContext
    static var prefix: String { "/api/v1" }
}

/// What is known of a request besides itself.
struct TrailsRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let eventLoop: any EventLoop
    /// Where the call comes from.
    let peer: NetworkAddress?

    init(source: ApplicationRequestContextSource) {
        self.peer = source.channel.remoteAddress?.ipAddress.flatMap { NetworkAddress($0) }
        self.coreContext = .init(source: source)
        self.eventLoop = source.channel.eventLoop
    }
}

/// Who makes a call, its signature verified with the key it names. Whether that key is the caller's own is decided with
/// the command, or read with the answer.
struct Caller: Sendable {
    let principal: Principal
    let key: PublicKey
    let nonce: Nonce
    let body: [UInt8]
    /// Where the call comes from.
    let address: NetworkAddress?

    var app: AppID? { self.principal.app }
    var spending: Job.Nonce { Job.Nonce(bytes: self.nonce.bytes, key: self.key) }
}

/// What a call is answered with.
struct RESTAnswer: Sendable {
    var status: HTTPResponse.Status
    var body: [UInt8]
    var contentType = "application/json"

    init(_ status: HTTPResponse.Status, _ record: some WireRecord) {
        self.status = status
        self.body = record.json.utf8
    }

    init(_ problem: Problem) {
        self.status = HTTPResponse.Status(code: problem.status)
        self.body = problem.json.utf8
        self.contentType = Problem.contentType
    }

    init(text: String) {
        self.status = .ok
        self.body = Array(text.utf8)
        self.contentType = "text/plain; charset=utf-8"
    }
}

// MARK: - Calling

extension RESTService {
    /// Does what a signed call wants, and signs the answer.
    func answer(
        _ request: Request, _ context: Context, _ work: @Sendable (Caller) async throws -> RESTAnswer
    ) async -> Response {
        self.metrics.countRequest()
        var nonce: (Nonce, PublicKey)?
        var answer: RESTAnswer
        do {
            let body = try await Self.body(of: request)
            let caller = try self.authenticate(request, body: body, from: context.peer)
            nonce = (caller.nonce, caller.key)
            answer = try await work(caller)
        } catch {
            answer = RESTAnswer(self.problem(for: error))
        }
        return self.response(answer, to: nonce)
    }

    private static func body(of request: Request) async throws -> [UInt8] {
        let buffer = try await request.body.collect(upTo: 32 << 20)
        return Array(buffer.readableBytesView)
    }

    func authenticate(_ request: Request, body: [UInt8], from address: NetworkAddress?) throws(FrameError) -> Caller {
        let call = RESTCall(
            method: request.method.rawValue, host: request.head.authority ?? "", path: request.head.path ?? "",
            body: body)
        let find = { (name: String) in HTTPField.Name(name).flatMap { request.headers[$0] } }
        return try self.authenticate(call, headers: find, body: body, from: address)
    }

    func authenticate(
        _ call: RESTCall, headers: (String) -> String?, body: [UInt8], from address: NetworkAddress?
    ) throws(FrameError) -> Caller {
        let signature = try RESTSignature(headers: headers)
        try signature.checkFreshness(now: self.now(), serverStartedAt: self.startedAt)
        guard signature.isValid(for: call, to: self.key.publicKey, by: Verifier(signature.publicKey)) else {
            throw FrameError(
                .badSignature, field: RESTSignature.signatureHeader, "is not that of this call",
                hint: "sign method, host, path, time, nonce and body for this server's key")
        }
        let principal: Principal
        switch signature.caller {
        case .app(let id): principal = .app(id, key: signature.publicKey)
        case .admin:
            guard signature.publicKey == self.adminKey else {
                throw FrameError(.keyMismatch, "the key is not the administrator's")
            }
            principal = .administrator
        }
        return Caller(
            principal: principal, key: signature.publicKey, nonce: signature.nonce, body: body, address: address)
    }

    /// A call that changes nothing is made once as well.
    func admit(_ caller: Caller) throws(FrameError) {
        guard self.replays.admit(caller.nonce, at: self.now()) else { throw Job.Failure.replayed.frameError }
    }

    /// Sends a command through the writer and waits for its commit.
    func perform(_ job: Job) async throws(FrameError) -> Job.Done {
        guard !self.isDraining() else { throw Job.Failure.draining.frameError }
        let answer: Job.Answer = await withCheckedContinuation { continuation in
            var job = job
            job.reply = .call { continuation.resume(returning: $0) }
            if !self.submit([job]) { continuation.resume(returning: .failure(.overloaded)) }
        }
        switch answer {
        case .success(let done): return done
        case .failure(let failure): throw failure.frameError
        }
    }

    func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as FrameError: return Problem(error)
        case let error as StoreError: return Problem(.storeUnavailable, error.message, hint: error.hint)
        case let error as any HTTPResponseError: return Problem(.badMessage, "\(error)", status: error.status.code)
        default:
            self.logger.error("a request failed", metadata: LogKeys.error(error))
            return Problem(.storeUnavailable, "the request failed", status: 500)
        }
    }

    private func response(_ answer: RESTAnswer, to caller: (nonce: Nonce, key: PublicKey)?) -> Response {
        var headers: HTTPFields = [.contentType: answer.contentType, .contentLength: String(answer.body.count)]
        if answer.status == .serviceUnavailable || answer.status == .tooManyRequests {
            headers[.retryAfter] = "1"
        }
        if let caller, let name = HTTPField.Name(RESTReply.signatureHeader) {
            let reply = RESTReply(status: answer.status.code, body: answer.body)
            if let signature = try? reply.sign(to: caller.key, nonce: caller.nonce, with: self.key) {
                headers[name] = signature.description
            }
        }
        return Response(
            status: answer.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    func unsigned(_ answer: RESTAnswer) -> Response { self.response(answer, to: nil) }
}

// MARK: - Where calls come from

/// The names this server goes by. A page of a stranger's, or a name of a stranger's that leads here, is turned away.
struct AllowedHosts: Sendable {
    /// `nil`: any.
    var names: Set<String>?

    func allow(host: String?) -> Bool {
        guard let names = self.names else { return true }
        guard let host else { return false }
        let name: Substring =
            host.hasPrefix("[")
            ? host.dropFirst().prefix { $0 != "]" } : host.prefix { $0 != ":" }
        return names.contains(name.lowercased())
    }
}

extension Problem: Error {}

/// Turns away whoever should not be here before anything else is looked at, and says in one form what there is not.
struct Doorkeeper<Reader: TrailsReader>: RouterMiddleware {
    typealias Context = TrailsRequestContext

    let service: RESTService<Reader>

    @concurrent
    func handle(
        _ request: Request, context: TrailsRequestContext,
        next: @concurrent (Request, TrailsRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            try self.service.checkOrigin(host: request.head.authority, origin: request.headers[.origin])
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound || error.status == .methodNotAllowed {
            let path = request.uri.path.shownToPeople()
            let problem = Problem(
                .badMessage, "there is no \(request.method) \(path)", hint: "see /api/v1/openapi.json",
                status: error.status.code)
            return self.service.unsigned(RESTAnswer(problem))
        } catch let error as FrameError {
            return self.service.unsigned(RESTAnswer(self.service.problem(for: error)))
        }
    }
}

extension RESTService {
    func checkOrigin(host: String?, origin: String?) throws(FrameError) {
        guard self.allowedHosts.allow(host: host) else {
            throw FrameError(.notAuthorized, "this server does not go by the name \"\(host ?? "")\"")
        }
        guard let origin else { return }
        let authority = origin.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init)
        guard authority == host else {
            throw FrameError(.notAuthorized, "pages of \(origin.shownToPeople()) may not call this server")
        }
    }
}
