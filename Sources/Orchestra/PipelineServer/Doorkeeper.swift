import HTTPTypes
import Hummingbird
import NIOCore
import Vocabulary

/// Turns away whoever should not be here before anything else is looked at.
///
/// A web page may send requests here from the browser of a person who may be here. It can neither show the token, which
/// it cannot read, nor hide where it comes from: a browser says so in `Origin` and `Sec-Fetch-Site`. A name of a
/// stranger's that leads to this address is not among the names the server goes by.
struct Doorkeeper: RouterMiddleware {
    typealias Context = BasicRequestContext

    let names: Set<String>
    let token: AccessToken
    /// Reading takes the token too.
    let isPrivate: Bool

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            try self.check(request)
            return try await next(request, context)
        } catch let problem as Problem {
            return Answer(problem).response
        } catch let error as HTTPError where error.status == .contentTooLarge {
            return Answer(Problem(.tooLarge, 413, "the body is longer than \(ServerOptions.bodyMax) bytes")).response
        } catch let error as HTTPError where error.status == .notFound || error.status == .methodNotAllowed {
            let detail = "there is no \(request.method) \(request.uri.path.shownToPeople())"
            return Answer(Problem(.notFound, error.status.code, detail, hint: "see docs/serve.md")).response
        }
    }

    private func check(_ request: Request) throws(Problem) {
        let host = request.head.authority
        guard let host, self.names.contains(Self.name(of: host)) else {
            throw Self.refusal("this server does not go by the name \"\((host ?? "").shownToPeople())\"")
        }
        if let origin = request.headers[.origin], origin != "http://\(host)", origin != "https://\(host)" {
            throw Self.refusal("pages of \(origin.shownToPeople()) may not call this server")
        }
        if let site = request.headers[Self.fetchSite], site == "cross-site" || site == "same-site" {
            throw Self.refusal("pages of other sites may not call this server")
        }
        let isReading = request.method == .get || request.method == .head
        guard self.isPrivate && request.uri.path != "/healthz" || !isReading else { return }
        guard self.token.isShown(by: request.headers[.authorization]) else {
            throw Problem(
                .notAuthorized, 401, "this takes the token", hint: "Authorization: Bearer, with what the file holds")
        }
    }

    private static func refusal(_ detail: String) -> Problem { Problem(.notAuthorized, 403, detail) }

    private static func name(of host: String) -> String {
        let name = host.hasPrefix("[") ? host.dropFirst().prefix { $0 != "]" } : host.prefix { $0 != ":" }
        return name.lowercased()
    }

    private static let fetchSite = HTTPField.Name("sec-fetch-site")!
}

/// What a request is answered with.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var contentType: String
    var body: [UInt8]
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status = .ok, _ json: JSONValue) {
        self.status = status
        self.contentType = "application/json"
        self.body = json.utf8
    }

    init(_ bytes: [UInt8], _ contentType: String) {
        self.status = .ok
        self.contentType = contentType
        self.body = bytes
    }

    init(_ problem: Problem) {
        self.init(HTTPResponse.Status(code: problem.status), .object(problem.json))
        self.contentType = "application/problem+json"
        if problem.status == 401 { self.headers[.wwwAuthenticate] = "Bearer" }
        if problem.status == 503 { self.headers[.retryAfter] = "1" }
    }

    var response: Response {
        var headers = self.headers
        headers[.contentType] = self.contentType
        headers[.contentLength] = String(self.body.count)
        // What a browser is told here, it neither guesses about nor runs, a drawing among it.
        headers[.xContentTypeOptions] = "nosniff"
        headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        headers[.cacheControl] = "no-store"
        return Response(
            status: self.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: self.body)))
    }
}
