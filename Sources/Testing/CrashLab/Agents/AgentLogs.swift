import AgentCore
import Vocabulary

/// All that the daemon says about its agents and their logs, also of those that have ended; asked over its socket.
struct AgentLogs: Sendable {
    /// What `agent.list` and `agent.inspect` say of those that live.
    private(set) var living: [JSONObject] = []
    /// The events of each log, by the session's id; the operator's have none.
    private(set) var events: [String: [JSONObject]] = [:]

    init(_ caller: AgentCaller) async throws {
        for agent in try await caller.insist("agent.list")["agents"]?.array ?? [] {
            guard let id = agent["agent_id"] else { continue }
            self.living.append(try await caller.insist("agent.inspect", ["agent_id": id]).object ?? [:])
            try await self.read(id.string ?? "", agent["session_id"]?.string ?? "", caller)
        }
        try await self.read("USER", "", caller)
    }

    /// Reads a log, and those of the children that it says were made and have ended.
    private mutating func read(_ agent: String, _ session: String, _ caller: AgentCaller) async throws {
        guard self.events[session] == nil else { return }
        var events: [JSONObject] = []
        while true {
            let params: JSONObject = ["agent_id": .string(agent), "offset": .integer(Int64(events.count))]
            let more = try await caller.insist("agent.events", params)["events"]?.array ?? []
            if more.isEmpty { break }
            events += more.compactMap(\.object)
        }
        self.events[session] = events
        let abandoned = Set(events.filter { $0["event"] == "agent.spawn_abandoned" }.map { $0["data"]?["agent_id"] })
        for event in events where event["event"] == "agent.spawn_requested" {
            guard let data = event["data"], let child = data["agent_id"], !abandoned.contains(child) else { continue }
            try await self.read(child.string ?? "", data["session_id"]?.string ?? "", caller)
        }
    }

    /// The data of all events called `name`.
    func data(of name: String) -> [JSONValue] {
        self.events.values.joined().filter { $0["event"] == .string(name) }.compactMap { $0["data"] }
    }

    /// As the agents' core reads them.
    var entries: [LogName: [Entry]] {
        var entries: [LogName: [Entry]] = [:]
        for (session, events) in self.events {
            let name = SessionID(hexOrDashed: session).map { LogName.session($0) } ?? .user
            entries[name] = events.map { event in
                Entry(
                    at: Timestamp(milliseconds: 0),
                    AgentEvent(kind: event["event"]?.string ?? "", data: event["data"]))
            }
        }
        return entries
    }
}
