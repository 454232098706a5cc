import HTTPTypes
import Hummingbird
import NIOCore
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

extension RESTService {
    func router() -> Router<Context> {
        let router = Router(context: Context.self)
        router.add(middleware: Doorkeeper(service: self))
        router.get("/ws") { _, _ in
            self.unsigned(
                RESTAnswer(
                    Problem(
                        .badMessage, "/ws is a WebSocket", hint: "ask for an upgrade to websocket, version 13",
                        status: 426)))
        }
        router.get("/healthz") { _, _ in self.unsigned(RESTAnswer(text: "ok\n")) }
        router.get("/readyz") { _, _ in
            guard self.isReady() else {
                return self.unsigned(RESTAnswer(Problem(.storeUnavailable, "the store takes no writes")))
            }
            return self.unsigned(RESTAnswer(text: "ready\n"))
        }
        router.get("/metrics") { _, _ in
            let tree = self.tree()
            return self.unsigned(
                RESTAnswer(text: self.metrics.text(liveApps: tree.apps.count, cascades: tree.cascades.count)))
        }
        let api = router.group(RouterPath(Self.prefix))
        api.get("/server") { _, _ in
            self.unsigned(
                RESTAnswer(
                    .ok,
                    ServerDescription(
                        serverKey: self.key.publicKey, serverInstance: self.instance, version: self.version,
                        startedAt: self.startedAt, now: self.now())))
        }
        let document = ByteBuffer(bytes: OpenAPI(version: self.version).json.utf8)
        api.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: document))
        }
        self.addReads(to: api)
        self.addWrites(to: api)
        return router
    }

    private func addReads(to api: RouterGroup<Context>) {
        api.get("/apps") { request, context in await self.answer(request, context) { try await self.list(request, $0) }
        }
        api.get("/apps/:id") { request, context in
            await self.answer(request, context) { try await self.show(try Self.app(in: context), $0) }
        }
        api.get("/apps/:id/children") { request, context in
            await self.answer(request, context) { try await self.children(of: try Self.app(in: context), request, $0) }
        }
        api.get("/apps/:id/messages") { request, context in
            await self.answer(request, context) { try await self.messages(of: try Self.app(in: context), request, $0) }
        }
        api.get("/apps/:id/ancestors") { request, context in
            await self.answer(request, context) { try await self.ancestors(of: try Self.app(in: context), $0) }
        }
        api.get("/apps/:id/snapshots/latest") { request, context in
            await self.answer(request, context) { try await self.snapshot(of: try Self.app(in: context), $0) }
        }
        api.get("/apps/:id/events") { request, context in
            await self.answer(request, context) { try await self.events(of: try Self.app(in: context), request, $0) }
        }
        api.get("/crashes") { request, context in
            await self.answer(request, context) { try await self.crashes(request, $0) }
        }
        api.get("/cascades/:id") { request, context in
            await self.answer(request, context) { try await self.cascade(try Self.id(in: context), $0) }
        }
        api.get("/controls/:id") { request, context in
            await self.answer(request, context) { try await self.control(try Self.id(in: context), $0) }
        }
        api.get("/watch") { request, context in
            await self.answer(request, context) { try await self.refusedWatch(request, $0) }
        }
    }

    private func addWrites(to api: RouterGroup<Context>) {
        api.post("/children") { request, context in await self.answer(request, context) { try await self.declare($0) } }
        api.delete("/children/:id") { request, context in
            await self.answer(request, context) { try await self.withdraw(try Self.app(in: context), $0) }
        }
        api.post("/apps") { request, context in await self.answer(request, context) { try await self.register($0) } }
        api.post("/apps/:id/messages") { request, context in
            await self.answer(request, context) { try await self.report(try Self.app(in: context), $0) }
        }
        api.post("/apps/:id/disconnect") { request, context in
            await self.answer(request, context) { try await self.disconnect(try Self.app(in: context), $0) }
        }
        api.post("/apps/:id/control") { request, context in
            let loop = context.eventLoop
            return await self.answer(request, context) {
                try await self.giveControl(try Self.app(in: context), request, $0, on: loop)
            }
        }
        api.post("/apps/:id/cancel") { request, context in
            await self.answer(request, context) { try await self.cancel(try Self.app(in: context), request, $0) }
        }
        api.post("/apps/:id/bind") { request, context in
            await self.answer(request, context) { try await self.bind(try Self.app(in: context), $0) }
        }
        api.post("/apps/:id/rekey") { request, context in
            await self.answer(request, context) { try await self.rekey(try Self.app(in: context), $0) }
        }
        api.post("/spool") { request, context in
            await self.answer(request, context) { try await self.takeSpool($0) }
        }
        api.post("/admin/revocations") { request, context in
            await self.answer(request, context) { try await self.revoke($0) }
        }
    }

    // MARK: Parameters

    static func app(in context: Context) throws(FrameError) -> AppID { try self.id(in: context) }

    static func id<Name>(in context: Context) throws(FrameError) -> Identifier<Name> {
        let text = context.parameters.get("id") ?? ""
        guard let id = Identifier<Name>(text) else {
            throw FrameError(.badMessage, field: "id", "\(text.quotedForPeople()) is not a UUID")
        }
        return id
    }

    static func parameter<Value>(
        _ name: String, of request: Request, _ kind: String, _ parse: (String) -> Value?
    ) throws(FrameError) -> Value? {
        guard let text = request.uri.queryParameters.get(name) else { return nil }
        guard let value = parse(text) else {
            throw FrameError(.badMessage, field: name, "\(text.quotedForPeople()) is not \(kind)")
        }
        return value
    }

    static func limit(of request: Request, default standard: Int = 100) throws(FrameError) -> Int {
        let limit = try self.parameter("limit", of: request, "a number from 1 to \(WireLimits.pageMax)") { Int($0) }
        guard let limit else { return standard }
        guard (1...WireLimits.pageMax).contains(limit) else {
            throw FrameError(.badMessage, field: "limit", "is not from 1 to \(WireLimits.pageMax)")
        }
        return limit
    }

    static func moment(_ name: String, of request: Request) throws(FrameError) -> Timestamp? {
        try self.parameter(name, of: request, "milliseconds since 1970") { text in
            Int64(text).map(Timestamp.init(milliseconds:))
        }
    }

    static func event(_ name: String, of request: Request) throws(FrameError) -> EventID? {
        try self.parameter(name, of: request, "an event id") { Int64($0).map { EventID($0) } }
    }
}
