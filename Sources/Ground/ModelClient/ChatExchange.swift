import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Vocabulary

/// One request and its answer; nothing of it is believed.
struct ChatExchange {
    let http: HTTPClient
    let endpoint: ChatEndpoint
    let limits: ChatLimits
    let hasTools: Bool

    func answer(
        to body: [UInt8], key: String, tell: @Sendable (ChatProgress) -> Void
    ) async throws(ChatError) -> ChatAnswer {
        do {
            let response = try await self.http.execute(self.request(body, key), deadline: .distantFuture)
            guard response.status == .ok else { throw try await self.complaint(of: response) }
            let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
            if type.hasPrefix("text/event-stream") { return try await self.stream(response, tell) }
            if type.hasPrefix("application/json") { return try await self.whole(response, tell) }
            throw Self.wrongType(type, of: self.endpoint)
        } catch let error as ChatError {
            throw error
        } catch {
            throw self.chatError(error)
        }
    }

    private func request(_ body: [UInt8], _ key: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: self.endpoint.url)
        request.method = .POST
        request.headers = [
            "Content-Type": "application/json", "Accept": "text/event-stream, application/json",
            "Idempotency-Key": key, "User-Agent": "cairn",
        ]
        if let key = self.endpoint.key { request.headers.add(name: "Authorization", value: "Bearer \(key.secret)") }
        request.body = .bytes(body)
        return request
    }

    private func stream(
        _ response: HTTPClientResponse, _ tell: @Sendable (ChatProgress) -> Void
    ) async throws -> ChatAnswer {
        var events = ServerSentEvents(lineMax: self.limits.lineMax.bytes)
        var stream = ChatStream(limits: self.limits, hasTools: self.hasTools)
        var count = 0
        for try await part in response.body {
            count += part.readableBytes
            guard count <= self.limits.streamMax.bytes else {
                throw ChatError.tooLarge("the server sent more than \(self.limits.streamMax)")
            }
            var added = ""
            for event in try events.take(part.readableBytesView) { added += try stream.take(event) }
            if !added.isEmpty { tell(.text(added)) }
            if stream.isDone { return try stream.answer() }
        }
        guard !Task.isCancelled else { throw ChatError.cancelled }
        if let event = try events.finish() {
            let added = try stream.take(event)
            if !added.isEmpty { tell(.text(added)) }
        }
        return try stream.answer()
    }

    /// From a server that does not stream.
    private func whole(
        _ response: HTTPClientResponse, _ tell: @Sendable (ChatProgress) -> Void
    ) async throws -> ChatAnswer {
        let bytes = try await response.body.collect(upTo: self.limits.answerMax.bytes * 2)
        var stream = ChatStream(limits: self.limits, hasTools: self.hasTools)
        let text = try stream.take(json: Array(bytes.readableBytesView))
        let answer = try stream.answer()
        tell(.text(text))
        return answer
    }
}

// MARK: - What goes wrong

extension ChatExchange {
    private func complaint(of response: HTTPClientResponse) async throws -> ChatError {
        var body: [UInt8] = []
        for try await part in response.body {
            body += part.readableBytesView.prefix(self.limits.complaintMax.bytes - body.count)
            if body.count >= self.limits.complaintMax.bytes { break }
        }
        let status = Int(response.status.code)
        let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
        if (300..<400).contains(status) {
            return ChatError(
                .notAChat, "\(self.endpoint) answered \(status), a redirect, which is not followed",
                hint: "give the address where it leads to")
        }
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        let after = response.headers.first(name: "Retry-After").flatMap { RetryAfter.duration($0, at: now) }
        guard type.hasPrefix("text/html") || body.starts(with: Array("<".utf8)) else {
            return ServerComplaint(body: body).chatError(status: status, retryAfter: after)
        }
        // What something before the server says in a page is of no use; its status is.
        let plain = ServerComplaint(body: []).chatError(status: status, retryAfter: after)
        return ChatError(
            plain.code, "\(self.endpoint) answered \(status) with a web page", hint: plain.hint, retryAfter: after)
    }

    private static func wrongType(_ type: String, of endpoint: ChatEndpoint) -> ChatError {
        let what =
            type.hasPrefix("text/html") ? "a web page" : type.isEmpty ? "no type" : "the type \(type.quotedForPeople())"
        return ChatError(
            .notAChat, "\(endpoint) answered with \(what) instead of a stream of events",
            hint: "is the address right? It usually ends in /v1")
    }

    private func chatError(_ error: any Error) -> ChatError {
        switch error {
        case is CancellationError: return .cancelled
        case let error as HTTPClientError where error == .cancelled: return .cancelled
        case let error as HTTPClientError where error == .connectTimeout:
            return self.unreachable("it does not answer in time")
        case let error as HTTPClientError where error == .readTimeout:
            return ChatError(
                .silent, "nothing came from \(self.endpoint) for \(self.limits.silence.humanText)",
                hint: "look into the log of the server")
        case let error as HTTPClientError where error == .remoteConnectionClosed: return .cut
        case let error as HTTPParserError where error == .invalidEOFState: return .cut
        case is HTTPParserError:
            return ChatError(
                .notAChat, "what answers at \(self.endpoint) does not speak HTTP", hint: "is the address right?")
        case let error as NIOConnectionError:
            let words = error.connectionErrors.first.map { Self.words($0.error) }
            return self.unreachable(words ?? "the name is not known")
        case is NIOTooManyBytesError: return .tooLarge("the answer is longer than \(self.limits.answerMax)")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return ChatError(
                .unreachable, "no secure connection to \(self.endpoint): \(error)",
                hint: "is it https, and is its certificate one that this machine trusts?")
        case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE: return .cut
        default: return self.unreachable(Self.words(error))
        }
    }

    private func unreachable(_ why: String) -> ChatError {
        ChatError(.unreachable, "cannot reach \(self.endpoint): \(why)", hint: "is the model server there?")
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }
}
