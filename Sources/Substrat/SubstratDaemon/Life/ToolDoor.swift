import SubstratProtocol
import Vocabulary

/// What programs in a sandbox may ask a daemon: tools of the agent whose token they have. All else, such as making an
/// agent outside of the sandbox, is for its user.
struct ToolDoor<Handler: RequestHandler>: RequestHandler {
    let handler: Handler

    func answer(_ request: RPCRequest, _ stream: ReplyStream) async throws(RPCError) -> RPCAnswer {
        guard ["ping", "tool.call"].contains(request.method) else {
            throw .invalid(
                "\(request.method.shownToPeople()) cannot be asked from a sandbox", hint: "tools can: substrat tool")
        }
        return try await self.handler.answer(request, stream)
    }

    func status() async -> JSONObject { [:] }

    /// Others end what is behind it.
    func stop(grace: Duration) async {}
}
