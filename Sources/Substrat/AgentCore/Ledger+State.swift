import HashTreeCollections
package import Vocabulary

// MARK: - Writing

extension Ledger {
    /// All that was folded so far, so that a start reads only what came later: `Ledger(log, state:)` gives it back.
    ///
    /// What has the form of an event is written as the data of that event. The same ledger is the same text.
    package var state: JSONObject {
        var state: JSONObject = ["v": .integer(Self.stateVersion), "count": .integer(Int64(self.count))]
        state["birth"] = self.birth.flatMap { AgentEvent.agentCreated($0).data }
        state["born_at"] = self.bornAt.map { .string($0.logText) }
        state["name"] = .string(self.name)
        state["session"] = self.session.flatMap { AgentEvent.sessionCreated($0).data }
        state["reference"] = self.reference.map { ["ref": $0] }
        state["ended"] = .bool(self.isEnded)
        if self.isMended { state["mended"] = true }
        state["completing"] = self.completing.map { .string($0.hex) }
        state["metadata"] = .object(.strings(self.metadata))
        state["gate"] = .string(self.gate.rawValue)
        state["suspended_at"] = self.suspendedAt.map { .string($0.logText) }
        state["evicted_at"] = self.evictedAt.map { .string($0.logText) }
        if !self.deleting.isEmpty { state["deleting"] = .array(self.deleting.sorted().map { .string($0.hex) }) }
        self.writeMail(to: &state)
        self.writeTurns(to: &state)
        state["spawns"] = .array(self.spawns.map(\.state))
        state["last_order"] = .integer(Int64(self.lastOrder))
        state["subscriptions"] = .array(self.subscriptions.compactMap { AgentEvent.subscribed($0).data })
        state["reminders"] = .array(self.reminders.compactMap { AgentEvent.reminderSet($0).data })
        state["strange"] = .object(Self.sorted(self.strange.map { ($0, .integer(Int64($1))) }))
        return state
    }

    private static let stateVersion: Int64 = 1

    private func writeMail(to state: inout JSONObject) {
        state["inbox"] = .array(self.inbox.pending.map(\.state))
        state["received"] = .array(self.received.sorted().map { .string($0.hex) })
        let notes = self.sent.values.sorted { $0.id < $1.id }
        state["sent"] = .array(notes.compactMap { AgentEvent.sent($0).data })
        state["last_requests"] = .object(Self.sorted(self.lastRequests.map { ($0.hex, .string($1.hex)) }))
    }

    private func writeTurns(to state: inout JSONObject) {
        state["turn"] = self.turn?.state
        state["interrupted"] = self.interrupted?.state
        state["turns"] = .integer(Int64(self.turns))
        state["completed_turn"] = .integer(Int64(self.completedTurn))
        state["completed_at"] = self.completedAt.map { .string($0.logText) }
        state["last_call"] = .integer(Int64(self.lastCall))
        state["requests"] = .array(self.requests.map(\.state))
        if !self.intents.isEmpty {
            state["intents"] = .array(self.intents.compactMap { AgentEvent.toolIntended($0).data })
        }
    }

    private static func sorted(_ members: [(String, JSONValue)]) -> JSONObject {
        var object: JSONObject = [:]
        for (key, value) in members.sorted(by: { $0.0 < $1.0 }) { object[key] = value }
        return object
    }
}

extension Inbox.Pending {
    fileprivate var state: JSONValue {
        [
            "message": .object(self.envelope.json), "place": .integer(Int64(self.place)),
            "redelivered": .bool(self.isRedelivered),
        ]
    }
}

extension OpenTurn {
    fileprivate var state: JSONValue {
        var state: JSONObject = [
            "number": .integer(Int64(self.number)), "start": AgentEvent.turnStarted(self.start).data ?? .null,
            "at": .string(self.at.logText), "taken": .array(self.taken.map(\.state)),
            "calls": .array(self.calls.compactMap { AgentEvent.toolCalled($0.call, $0.outcome).data }),
            "sent_to": .array(self.sentTo.sorted().map { .string($0.hex) }), "continues": .bool(self.continues),
        ]
        if self.isAsked { state["asked"] = true }
        return .object(state)
    }
}

extension OpenSpawn {
    fileprivate var state: JSONValue {
        [
            "intent": AgentEvent.spawnRequested(self.intent).data ?? .null,
            "turn": self.turn.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}

extension AnsweredRequest {
    fileprivate var state: JSONValue {
        let (outcome, text): (String, JSONValue) =
            switch self.outcome {
            case .running: ("running", .null)
            case .completed(let response): ("completed", .string(response))
            case .failed(let error): ("failed", .string(error))
            case .interrupted: ("interrupted", .null)
            }
        return [
            "key": .string(self.key), "turn": .integer(Int64(self.turn)), "outcome": .string(outcome), "text": text,
        ]
    }
}

extension Ledger {
    /// The same, of a log that was mended: what was folded of the damaged one begins the mended one.
    package var mended: Ledger {
        var ledger = self
        ledger.isMended = true
        return ledger
    }
}

// MARK: - Reading

extension Ledger {
    /// What `state` has kept; `nil` when this version cannot read it: then the log itself is to be read.
    package init?(_ log: LogName, state: JSONObject) {
        guard state["v"]?.integer == Self.stateVersion else { return nil }
        self.init(log)
        do throws(FieldError) {
            let fields = Fields(data: .object(state))
            try self.readLife(fields)
            try self.readMail(fields)
            try self.readTurns(fields)
        } catch {
            return nil
        }
    }

    private mutating func readLife(_ fields: Fields) throws(FieldError) {
        self.count = try fields.count("count")
        self.birth = try fields.part("birth") { (part) throws(FieldError) in try AgentBirth(part) }
        self.bornAt = try fields.momentIfAny("born_at")
        self.name = try fields.needed("name")
        if let data = fields.value("session") {
            guard case .sessionCreated(let birth) = AgentEvent(kind: "session.created", data: data) else {
                throw FieldError(field: "session")
            }
            self.session = birth
        }
        self.reference = fields.value("reference").map { $0["ref"] ?? .null }
        self.isEnded = fields.flag("ended")
        self.isMended = fields.flag("mended")
        self.completing = try fields.part("completing") { (part) throws(FieldError) in try part.ownID() }
        self.metadata = fields.strings("metadata")
        guard let gate = fields.text("gate").flatMap(Gate.init(rawValue:)) else { throw FieldError(field: "gate") }
        self.gate = gate
        self.suspendedAt = try fields.momentIfAny("suspended_at")
        self.evictedAt = try fields.momentIfAny("evicted_at")
        self.deleting = TreeSet(fields.ids("deleting"))
        self.spawns = try fields.parts("spawns") { (part) throws(FieldError) in try OpenSpawn(part) }
        self.lastOrder = try fields.count("last_order")
        self.subscriptions = try fields.parts("subscriptions") { (part) throws(FieldError) in
            guard case .subscribed(let wish) = AgentEvent(kind: "tool.subscribe", data: part.data) else {
                throw FieldError(field: "subscriptions")
            }
            return wish
        }
        self.reminders = try fields.parts("reminders") { (part) throws(FieldError) in
            guard case .reminderSet(let reminder) = AgentEvent(kind: "reminder.set", data: part.data) else {
                throw FieldError(field: "reminders")
            }
            return reminder
        }
        for (kind, count) in fields.data["strange"]?.object ?? [:] { self.strange[kind] = Int(count.integer ?? 0) }
    }

    private mutating func readMail(_ fields: Fields) throws(FieldError) {
        for message in try fields.parts("inbox", { (part) throws(FieldError) in try Inbox.Pending(part) }) {
            self.inbox.insert(message)
        }
        self.received = TreeSet(try fields.parts("received") { (part) throws(FieldError) in try part.ownID() })
        let notes = try fields.parts("sent") { (part) throws(FieldError) in
            guard case .sent(let note) = AgentEvent(kind: "message.sent", data: part.data) else {
                throw FieldError(field: "sent")
            }
            return note
        }
        for note in notes { self.sent[note.id] = note }
        for (sender, message) in fields.data["last_requests"]?.object ?? [:] {
            guard let sender = AgentID(hexOrDashed: sender) else { throw FieldError(field: "last_requests") }
            self.lastRequests[sender] = try Fields(data: message).ownID()
        }
    }

    private mutating func readTurns(_ fields: Fields) throws(FieldError) {
        self.turn = try fields.part("turn") { (part) throws(FieldError) in try OpenTurn(part) }
        self.interrupted = try fields.part("interrupted") { (part) throws(FieldError) in try OpenTurn(part) }
        self.turns = try fields.count("turns")
        self.completedTurn = try fields.count("completed_turn")
        self.completedAt = try fields.momentIfAny("completed_at")
        self.lastCall = try fields.count("last_call")
        self.requests = try fields.parts("requests") { (part) throws(FieldError) in try AnsweredRequest(part) }
        guard fields.value("intents") != nil else { return }
        self.intents = try fields.parts("intents") { (part) throws(FieldError) in
            guard case .toolIntended(let call) = AgentEvent(kind: "tool.intent", data: part.data) else {
                throw FieldError(field: "intents")
            }
            return call
        }
    }
}

extension Inbox.Pending {
    fileprivate init(_ fields: Fields) throws(FieldError) {
        let envelope = try Envelope(Fields(data: fields.data["message"] ?? .null))
        self.init(
            envelope: envelope, place: try fields.count("place"), isRedelivered: fields.flag("redelivered"))
    }
}

extension OpenTurn {
    fileprivate init(_ fields: Fields) throws(FieldError) {
        guard case .turnStarted(let start) = AgentEvent(kind: "turn.start", data: fields.data["start"]),
            let at = fields.moment("at")
        else { throw FieldError(field: "turn") }
        self.init(number: try fields.count("number"), start: start, at: at)
        self.taken = try fields.parts("taken") { (part) throws(FieldError) in try Inbox.Pending(part) }
        self.calls = try fields.parts("calls") { (part) throws(FieldError) in
            guard case .toolCalled(let call, let outcome) = AgentEvent(kind: "tool.call", data: part.data) else {
                throw FieldError(field: "calls")
            }
            return Call(call: call, outcome: outcome)
        }
        self.sentTo = Set(try fields.parts("sent_to") { (part) throws(FieldError) in try part.ownID() })
        self.continues = fields.flag("continues")
        self.isAsked = fields.flag("asked")
    }
}

extension OpenSpawn {
    fileprivate init(_ fields: Fields) throws(FieldError) {
        guard
            case .spawnRequested(let intent) = AgentEvent(
                kind: "agent.spawn_requested", data: fields.data["intent"])
        else { throw FieldError(field: "spawns") }
        self.init(intent: intent, turn: fields.number("turn"))
    }
}

extension AnsweredRequest {
    fileprivate init(_ fields: Fields) throws(FieldError) {
        let text = fields.text("text") ?? ""
        let outcome: RequestOutcome =
            switch fields.text("outcome") {
            case "running": .running
            case "completed": .completed(text)
            case "failed": .failed(text)
            case "interrupted": .interrupted
            default: throw FieldError(field: "outcome")
            }
        self.init(key: try fields.needed("key"), turn: try fields.count("turn"), outcome: outcome)
    }
}

extension Fields {
    fileprivate func count(_ name: String) throws(FieldError) -> Int {
        guard let number = self.number(name) else { throw FieldError(field: name) }
        return number
    }

    fileprivate func momentIfAny(_ name: String) throws(FieldError) -> Timestamp? {
        guard self.value(name) != nil else { return nil }
        guard let moment = self.moment(name) else { throw FieldError(field: name) }
        return moment
    }

    /// The member as an id itself.
    fileprivate func ownID<Of>() throws(FieldError) -> Identifier<Of> {
        guard let id = self.data.string.flatMap(Identifier<Of>.init(hexOrDashed:)) else {
            throw FieldError(field: "id")
        }
        return id
    }

    fileprivate func part<Part>(
        _ name: String, _ read: (Fields) throws(FieldError) -> Part
    ) throws(FieldError) -> Part? {
        guard let data = self.value(name) else { return nil }
        return try read(Fields(data: data))
    }

    fileprivate func parts<Part>(
        _ name: String, _ read: (Fields) throws(FieldError) -> Part
    ) throws(FieldError) -> [Part] {
        guard let array = self.data[name]?.array else { throw FieldError(field: name) }
        var parts: [Part] = []
        for data in array { parts.append(try read(Fields(data: data))) }
        return parts
    }
}
