import AsyncHTTPClient
import NIOCore
import NIOPosix
import Vocabulary

/// Asks models over HTTP and reads their answers as they are written.
///
/// A connection lives as long as one question with all its tries; when the task is cancelled it is closed at once.
package struct ChatClient: Sendable {
    package let limits: ChatLimits

    package init(limits: ChatLimits = ChatLimits()) {
        self.limits = limits
    }

    /// Puts the question until there is an answer, or a reason to stop: a server that has too much to do is asked
    /// again, and nothing else is.
    ///
    /// - Parameter tell: Hears what comes before the answer is whole.
    package func ask(
        _ request: ChatRequest, at endpoint: ChatEndpoint, tell: @Sendable (ChatProgress) -> Void = { _ in }
    ) async throws(ChatError) -> ChatAnswer {
        let body = request.json.utf8
        guard body.count <= self.limits.requestMax.bytes else {
            throw .tooLarge("the question is longer than \(self.limits.requestMax)")
        }
        let http = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: self.configuration)
        let exchange = ChatExchange(
            http: http, endpoint: endpoint, limits: self.limits, hasTools: !request.tools.isEmpty)
        let answer = await self.ask(body, key: request.idempotencyKey, by: exchange, tell: tell)
        // Closes what is open; there is nothing to do about a connection that does not close well.
        try? await http.shutdown()
        return try answer.get()
    }

    private func ask(
        _ body: [UInt8], key: String, by exchange: ChatExchange, tell: @Sendable (ChatProgress) -> Void
    ) async -> Result<ChatAnswer, ChatError> {
        var attempt = 1
        while true {
            do throws(ChatError) {
                return .success(try await exchange.answer(to: body, key: key, tell: tell))
            } catch {
                guard !Task.isCancelled else { return .failure(.cancelled) }
                guard let delay = self.limits.delay(after: error, attempt: attempt) else {
                    return .failure(self.last(error, attempt: attempt))
                }
                attempt += 1
                tell(.again(attempt: attempt, max: self.limits.attemptsMax, after: delay, reason: error.message))
                guard (try? await Task.sleep(for: delay)) != nil else { return .failure(.cancelled) }
            }
        }
    }

    private func last(_ error: ChatError, attempt: Int) -> ChatError {
        if let asked = error.retryAfter, asked > self.limits.retryAfterMax {
            return ChatError(
                error.code, error.message, hint: "it asks to be left alone for \(asked.humanText)", retryAfter: asked)
        }
        guard attempt > 1 else { return error }
        return ChatError(
            error.code, "\(error.message), after \(attempt) tries", hint: error.hint, retryAfter: error.retryAfter)
    }

    private var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        // A redirect would carry the key to somebody else.
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .milliseconds(self.limits.connect.wholeMilliseconds)
        configuration.timeout.read = .milliseconds(self.limits.silence.wholeMilliseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
