package import SubstratProtocol
package import Vocabulary

/// What a daemon does when it is asked. The server knows sockets and lines; this knows methods.
package protocol RequestHandler: Sendable {
    /// Does what `request` says; what goes into `stream` before it ends leaves at once.
    ///
    /// Many are under way at a time, those of one connection too. The task is cancelled when the daemon ends and has
    /// waited long enough, not when the client goes away: what was asked for is done.
    func answer(_ request: RPCRequest, _ stream: ReplyStream) async throws(RPCError) -> RPCAnswer

    /// What it has to say about itself in `daemon.status`.
    func status() async -> JSONObject

    /// Nothing more will be asked. Ends what is under way, with `grace` for what ends by itself, and keeps what must
    /// be kept.
    func stop(grace: Duration) async
}

/// How an answer ends.
package enum RPCAnswer: Hashable, Sendable {
    case result(JSONValue)
    /// It was a stream, and all of it was said.
    case done
}
