import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TrailsWire
import Vocabulary

extension TrailsAPI {
    /// The longest answer that is read; a page of a thousand results fits.
    static let answerMax = 256 << 20
    /// How long an answer may take, beyond what the call itself waits for.
    static let answerTime = Duration.seconds(30)

    /// An answer, not yet looked at.
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        let signature: Signature?
    }

    /// Makes one signed call. `body` is made anew for each signature, as a part of it may be over the nonce.
    func call<Record: WireRecord>(
        _ method: String, _ path: String, as credentials: Credentials, waiting: Duration = .zero,
        answer: Record.Type, body: @Sendable (Nonce) throws(TrailsError) -> JSONValue? = { _ in nil }
    ) async throws(TrailsError) -> Record {
        let answer = try await self.patiently { () async throws(TrailsError) in
            do throws(TrailsError) {
                return try await self.attempt(method, path, as: credentials, waiting: waiting, body: body)
            } catch {
                guard error.problem?.code == .stale else { throw error }
                return try await self.attempt(method, path, as: credentials, waiting: waiting, body: body)
            }
        }
        return try self.read(Record.self, from: answer.body)
    }

    private func attempt(
        _ method: String, _ path: String, as credentials: Credentials, waiting: Duration,
        body: @Sendable (Nonce) throws(TrailsError) -> JSONValue?
    ) async throws(TrailsError) -> Answer {
        let serverKey = try await self.serverKey()
        var generator = SystemRandomNumberGenerator()
        let nonce = Nonce.request(using: &generator)
        let bytes = try body(nonce)?.utf8 ?? []
        let target = self.path(path)
        let headers = try self.headers(
            method, target, bytes, as: credentials, nonce: nonce, serverKey: serverKey)
        let answer = try await self.exchange(method, path: target, headers: headers, body: bytes, waiting: waiting)
        try self.check(answer, to: credentials, nonce: nonce, serverKey: serverKey)
        return try self.succeeded(answer)
    }

    /// The five headers that sign a call.
    func headers(
        _ method: String, _ path: String, _ body: [UInt8], as credentials: Credentials, nonce: Nonce,
        serverKey: PublicKey
    ) throws(TrailsError) -> [(name: String, value: String)] {
        let call = RESTCall(method: method, host: self.endpoint.hostHeader, path: path, body: body)
        do throws(FrameError) {
            return try RESTSignature(
                of: call, by: credentials.caller, with: credentials.key, for: serverKey, at: self.clock(), nonce: nonce
            ).headers
        } catch {
            throw TrailsError(.data, error.message, hint: error.hint)
        }
    }

    /// Believes an answer only with the server's signature. A refusal may come without one: it makes nothing true.
    private func check(
        _ answer: Answer, to credentials: Credentials, nonce: Nonce, serverKey: PublicKey
    ) throws(TrailsError) {
        guard let signature = answer.signature else {
            guard answer.status >= 300 else { throw .untrusted(self.endpoint, "it did not sign its answer") }
            return
        }
        let reply = RESTReply(status: answer.status, body: answer.body)
        guard reply.isValid(signature, to: credentials.key.publicKey, nonce: nonce, by: Verifier(serverKey)) else {
            throw .untrusted(self.endpoint, "its signature is not by the key \(serverKey.shortFingerprint)…")
        }
    }

    /// Lets an answer pass that says yes.
    func succeeded(_ answer: Answer) throws(TrailsError) -> Answer {
        guard !(200..<300).contains(answer.status) else { return answer }
        if let problem = try? Problem(parsing: answer.body) { throw TrailsError(refused: problem) }
        if answer.status >= 502, answer.status <= 504 {
            throw .unreachable(self.endpoint, "something before it answered \(answer.status)")
        }
        throw .notAnAnswer(self.endpoint, "HTTP status \(answer.status)")
    }

    /// One request and its answer; nothing is believed here.
    func exchange(
        _ method: String, path: String, headers: [(name: String, value: String)], body: [UInt8],
        waiting: Duration = .zero
    ) async throws(TrailsError) -> Answer {
        let base = "\(self.endpoint.isTLS ? "https" : "http")://\(self.endpoint.hostHeader)"
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        request.headers.replaceOrAdd(name: "Host", value: self.endpoint.hostHeader)
        if !body.isEmpty {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        do {
            let time = TimeAmount.milliseconds((Self.answerTime + waiting).wholeMilliseconds)
            let response = try await self.http.execute(request, timeout: time)
            let bytes = try await response.body.collect(upTo: Self.answerMax)
            let signature = response.headers.first(name: RESTReply.signatureHeader).flatMap { Signature($0) }
            return Answer(status: Int(response.status.code), body: Array(bytes.readableBytesView), signature: signature)
        } catch {
            throw self.failure(error)
        }
    }

    private func failure(_ error: any Error) -> TrailsError {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout:
            .unreachable(self.endpoint, "it does not answer in time")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            .unreachable(self.endpoint, "it hung up")
        case let error as NIOConnectionError:
            .unreachable(self.endpoint, self.words(error.connectionErrors.first?.error) ?? "the name is not known")
        case is NIOTooManyBytesError:
            .notAnAnswer(self.endpoint, "more than \(Self.answerMax) bytes")
        case is CancellationError:
            TrailsError(.timeout, "the call to \(self.endpoint) was cancelled")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            TrailsError(
                .untrustedServer, "no secure connection to \(self.endpoint): \(error)",
                hint: "a private certificate authority is named with TRAILS_CA")
        default:
            .unreachable(self.endpoint, self.words(error) ?? "\(error)")
        }
    }

    private func words(_ error: (any Error)?) -> String? {
        guard let error = error as? IOError else { return error.map { "\($0)" } }
        return ErrorNumber.text(of: error.errnoCode)
    }
}
