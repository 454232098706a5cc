import SubstratProtocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What every daemon can be asked, before what it is for: `ping` and `daemon.status`.
struct DaemonMethods<Handler: RequestHandler>: RequestHandler {
    let handler: Handler
    let home: DaemonHome
    let version: String
    let startedAt: Timestamp

    func answer(_ request: RPCRequest, _ stream: ReplyStream) async throws(RPCError) -> RPCAnswer {
        switch request.method {
        case "ping":
            _ = try RPCParameters(request.params, of: request.method, known: [])
            return .result(["status": "ok", "pid": .integer(Int64(getpid()))])
        case "daemon.status":
            _ = try RPCParameters(request.params, of: request.method, known: [])
            return .result(.object(await self.status()))
        default:
            return try await self.handler.answer(request, stream)
        }
    }

    func status() async -> JSONObject {
        var status: JSONObject = [
            "status": "running", "pid": .integer(Int64(getpid())), "version": .string(self.version),
            "root": .string(self.home.place.root), "started_at": .string("\(self.startedAt)"),
            "last_shutdown": .string(self.home.lastShutdown.rawValue),
        ]
        for (key, value) in await self.handler.status() { status[key] = value }
        return status
    }

    func stop(grace: Duration) async { await self.handler.stop(grace: grace) }
}
