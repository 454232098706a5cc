import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Calls a Hummingbird router for a request, as Hummingbird's own application does, with a limit for the body.
enum RouterBridge {
    /// The request's body was too long: it was said, and the connection ends.
    private struct BodyTooLong: Error {}

    /// How much of a body that nobody wants is read, so that its sender comes to read the answer.
    private static let discardMax = 16 << 20

    static func responder<Context: RequestContext>(
        for router: some HTTPResponder<Context>, bodyMax: Int, logger: Logger
    ) -> HTTPChannelHandler.Responder where Context.Source == ApplicationRequestContextSource {
        let date = HTTPDate()
        return { request, writer, channel in
            var request = request
            if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > bodyMax {
                let answer = HTTPResponse(
                    status: .contentTooLarge,
                    headerFields: [.connection: "close", .contentLength: "0", .date: date.now()])
                try await writer.writeResponse(answer)
                try await Self.discard(request.body)
                throw BodyTooLong()
            }
            request.body = RequestBody(asyncSequence: LimitedBody(base: request.body, max: bodyMax))
            let context = Context(source: ApplicationRequestContextSource(channel: channel, logger: logger))
            var response: Response
            do {
                response = try await router.respond(to: request, context: context)
            } catch let error as HTTPParserError {
                throw error
            } catch let error as any HTTPResponseError {
                response = try error.response(from: request, context: context)
            } catch {
                logger.error("request failed", metadata: ["error": "\(error)"])
                response = Response(status: .internalServerError)
            }
            response.headers[.date] = date.now()
            try await writer.write(response: response.head, body: response.body)
        }
    }

    private static func discard(_ body: RequestBody) async throws {
        var count = 0
        for try await part in body {
            count += part.readableBytes
            if count > Self.discardMax { return }
        }
    }
}

/// A request's body that throws 413 where it gets longer than `max`: a chunked one does not say so before.
private struct LimitedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let base: RequestBody
    let max: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        var left: Int

        @concurrent mutating func next() async throws -> ByteBuffer? {
            guard let part = try await self.base.next() else { return nil }
            self.left -= part.readableBytes
            guard self.left >= 0 else { throw HTTPError(.contentTooLarge) }
            return part
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: self.base.makeAsyncIterator(), left: self.max)
    }
}
