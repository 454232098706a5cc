import SubstratClient
import SubstratProtocol
import Synchronization
import Vocabulary

/// A client of whatever daemon has the root: it connects again when that is gone.
final class AgentCaller: Sendable {
    private let place: DaemonPlace
    private let connection = Mutex<SubstratConnection?>(nil)

    init(_ place: DaemonPlace) {
        self.place = place
    }

    /// Asks once.
    func call(_ method: String, _ params: JSONObject) async throws(ClientError) -> JSONValue {
        let connection = try await self.connected()
        do throws(ClientError) {
            return try await connection.call(method, params)
        } catch {
            if case .refused = error { throw error }
            await self.disconnect()
            throw error
        }
    }

    /// Asks until there is an answer that does not change by waiting.
    ///
    /// For twenty minutes at most: while daemons die all the time, an agent may long be busy with something else.
    func insist(_ method: String, _ params: JSONObject = [:]) async throws -> JSONValue {
        let deadline = ContinuousClock.now + .seconds(1_200)
        while true {
            do throws(ClientError) {
                return try await self.call(method, params)
            } catch {
                guard error.mayPass, ContinuousClock.now < deadline else {
                    throw LabError("\(method) \(JSONValue.object(params).text): \(error)")
                }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Hears the events of a log from number `offset` on, until the daemon goes away.
    func follow(_ agent: String, after offset: Int64, take: (JSONObject) -> Void) async {
        do throws(ClientError) {
            let params: JSONObject = ["agent_id": .string(agent), "offset": .integer(offset), "follow": true]
            try await self.connected().stream("agent.events", params, timeout: nil) { body in
                if case .event(let event) = body { take(event) }
            }
        } catch {
            await self.disconnect()
        }
    }

    func disconnect() async {
        let old = self.connection.withLock { $0.take() }
        await old?.close()
    }

    private func connected() async throws(ClientError) -> SubstratConnection {
        if let connection = self.connection.withLock({ $0 }) { return connection }
        let connection = try await SubstratConnection.connect(to: self.place)
        self.connection.withLock { $0 = connection }
        return connection
    }
}

extension ClientError {
    /// Whether the same may be answered otherwise a little later: there is no daemon, or the agent is not ready.
    fileprivate var mayPass: Bool {
        switch self {
        case .notRunning, .connectionLost, .unreachable: true
        case .timedOut, .invalidResponse: false
        case .refused(let error):
            ["busy", "unavailable"].contains(error.kind) || error.message.contains("has no session yet")
        }
    }
}
