import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

/// What can be asked over HTTP (spec/orchestra.md 2.17): to run, to look, to answer, to stop.
///
/// Everything but to run goes through the store, so it works for sessions of other processes as for those of this one.
struct PipelineService: Sendable {
    typealias Context = BasicRequestContext

    /// To look and to ask: nothing is run by it.
    let sessions: Sessions
    let hall: RunHall
    /// The kit of a run: of the pipeline in this file, if it is in one, with this end.
    let kit: @Sendable (_ file: String?, _ exit: NodeID?) -> RunKit
    /// Draws DOT as SVG.
    let draw: @Sendable (String) async throws -> [UInt8]
    let drawings: Turnstile
    let logger: Logger

    func router(_ doorkeeper: Doorkeeper) -> Router<Context> {
        let router = Router(context: Context.self)
        router.add(middleware: doorkeeper)
        router.get("/healthz") { _, _ in try await self.answering { try await self.health() } }
        for path in ["/pipelines", "/run"] {
            router.post(RouterPath(path)) { request, _ in try await self.answering { try await self.start(request) } }
        }
        for path in ["/pipelines", "/status"] {
            router.get(RouterPath(path)) { request, _ in try await self.answering { try await self.list(request) } }
            router.get(RouterPath("\(path)/:id")) { _, context in
                try await self.answering { try await self.show(try await self.row(context)) }
            }
        }
        router.post("/answer") { request, _ in try await self.answering { try await self.answerAny(request) } }
        self.addLooks(to: router.group("/pipelines/:id"))
        self.addOrders(to: router.group("/pipelines/:id"))
        return router
    }

    private func addLooks(to group: RouterGroup<Context>) {
        group.get("/events") { request, context in
            try await self.refusing { try await self.events(request, try await self.row(context)) }
        }
        group.get("/graph") { request, context in
            try await self.answering { try await self.graph(request, try await self.row(context)) }
        }
        group.get("/questions") { _, context in
            try await self.answering { try await self.questions(try await self.row(context)) }
        }
        group.get("/checkpoint") { _, context in
            try await self.answering { try await self.checkpoint(try await self.row(context)) }
        }
        group.get("/context") { _, context in
            try await self.answering { try await self.context(try await self.row(context)) }
        }
    }

    private func addOrders(to group: RouterGroup<Context>) {
        group.post("/pause") { request, context in
            try await self.answering { try await self.pause(request, try await self.row(context)) }
        }
        group.post("/cancel") { request, context in
            try await self.answering { try await self.cancel(request, try await self.row(context)) }
        }
        group.post("/resume") { request, context in
            try await self.answering { try await self.resume(request, try await self.row(context)) }
        }
        group.post("/replay") { request, context in
            try await self.answering { try await self.replay(request, try await self.row(context)) }
        }
        group.post("/questions/:question/answer") { request, context in
            try await self.answering {
                let question = context.parameters.get("question") ?? ""
                return try await self.answer(request, question, try await self.row(context))
            }
        }
    }
}

// MARK: - Requests and answers

extension PipelineService {
    private func answering(_ work: () async throws -> Answer) async throws -> Response {
        try await self.refusing { try await work().response }
    }

    /// A refusal is an answer; what nobody expected is logged, and no more said about it.
    private func refusing(_ work: () async throws -> Response) async throws -> Response {
        do {
            return try await work()
        } catch let refusal as SessionRefusal {
            throw Problem(refusal)
        } catch let error as any HTTPResponseError {
            throw error
        } catch let problem as Problem {
            throw problem
        } catch {
            self.logger.error("a request failed", metadata: ["error": "\(error)"])
            throw Problem(.storeUnavailable, 500, "the request failed")
        }
    }

    private func row(_ context: Context) async throws(SessionRefusal) -> SessionRow {
        try await self.sessions.find(context.parameters.get("id") ?? "")
    }

    func body(of request: Request) async throws -> [UInt8] {
        Array(try await request.body.collect(upTo: ServerOptions.bodyMax).readableBytesView)
    }

    /// A JSON object; nothing at all is an empty one.
    func object(in request: Request) async throws -> JSONObject {
        let bytes = try await self.body(of: request)
        guard !bytes.isEmpty else { return [:] }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw Problem.badRequest("the body is no JSON: \(error)")
        }
        guard let object = value.object else { throw Problem.badRequest("the body is not a JSON object") }
        return object
    }
}

extension JSONObject {
    /// `nil` when it is not there; anything but a text is refused.
    func text(_ key: String) throws(Problem) -> String? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let text = value.string else { throw .badRequest("\(key) is not a text") }
        return text
    }

    func flag(_ key: String) throws(Problem) -> Bool {
        guard let value = self[key], !value.isNull else { return false }
        guard let flag = value.bool else { throw .badRequest("\(key) is neither true nor false") }
        return flag
    }

    func map(_ key: String) throws(Problem) -> JSONObject {
        guard let value = self[key], !value.isNull else { return [:] }
        guard let map = value.object else { throw .badRequest("\(key) is not an object") }
        return map
    }
}
