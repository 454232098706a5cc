package import Vocabulary

/// What `session.json` says: a summary for a quick start, and never the truth. The log is.
package struct SessionRecord: Hashable, Sendable {
    package let id: SessionID
    package private(set) var state: SessionState
    package var provider: String
    /// Empty for the default of the provider.
    package var model: String
    package let createdAt: Timestamp?
    /// `nil` unless it is suspended.
    package private(set) var suspendedAt: Timestamp?
    /// What the provider gave when it was suspended; a shortcut, not needed for recovery.
    package private(set) var blob: [UInt8]
    /// The last turn that `blob` knows of. A blob that is behind the log is not used.
    package private(set) var blobTurn: Int
    /// By what the provider knows the conversation again.
    package var reference: JSONValue?

    package init(
        id: SessionID, state: SessionState = .created, provider: String, model: String, createdAt: Timestamp?,
        reference: JSONValue? = nil
    ) {
        self.id = id
        self.state = state
        self.provider = provider
        self.model = model
        self.createdAt = createdAt
        self.suspendedAt = nil
        self.blob = []
        self.blobTurn = 0
        self.reference = reference
    }
}

/// A step that a session cannot take.
package struct SessionStateRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let session: SessionID
    package let from: SessionState
    package let to: SessionState

    package init(session: SessionID, from: SessionState, to: SessionState) {
        self.session = session
        self.from = from
        self.to = to
    }

    package var description: String {
        "session \(self.session.short) is \(self.from.rawValue) and cannot become \(self.to.rawValue)"
    }
}

extension SessionRecord {
    package mutating func activate() throws(SessionStateRefusal) {
        try self.go(to: .active)
        self.suspendedAt = nil
    }

    /// Keeps `blob`, which knows all turns up to `turn`.
    package mutating func suspend(blob: [UInt8], upTo turn: Int, at now: Timestamp) throws(SessionStateRefusal) {
        try self.go(to: .suspended)
        self.suspendedAt = now
        self.blob = blob
        self.blobTurn = turn
    }

    package mutating func terminate() throws(SessionStateRefusal) {
        try self.go(to: .terminated)
        self.suspendedAt = nil
    }

    /// The blob, if it knows everything that was completed; `nil` when the log knows more.
    package func usableBlob(completedTurn: Int) -> [UInt8]? {
        !self.blob.isEmpty && self.blobTurn >= completedTurn ? self.blob : nil
    }

    /// What it is after the daemon has died: nothing is active any more, and what the log has ended has ended.
    package func recovered(_ ledger: Ledger?, at now: Timestamp) -> Self {
        var record = self
        if ledger?.isEnded == true, record.state != .terminated {
            record.state = .terminated
            record.suspendedAt = nil
        } else if record.state == .active || (record.state == .created && ledger?.birth != nil) {
            record.state = .suspended
            record.suspendedAt = now
        }
        if let reference = ledger?.reference ?? self.knownReference { record.reference = reference }
        return record
    }

    /// By what the provider knows the conversation: what the record says, or the blob of the seed's providers.
    package var knownReference: JSONValue? {
        if let reference { return reference }
        guard let blob = try? JSONValue(parsing: self.blob) else { return nil }
        if let chat = blob["session_id"]?.string { return ["chat": .string(chat)] }
        return blob["script"]?.string.map { ["script": .string($0)] }
    }

    /// The record of a session whose own cannot be read: what its log says.
    package static func rebuilt(_ ledger: Ledger, _ session: SessionID, at now: Timestamp) -> Self {
        let birth = ledger.birth
        let provider = birth?.provider ?? ""
        let model = birth?.model ?? ""
        return SessionRecord(
            id: session, provider: provider.isEmpty ? ledger.session?.provider ?? "" : provider,
            model: model.isEmpty ? ledger.session?.model ?? "" : model, createdAt: ledger.bornAt
        ).recovered(ledger, at: now)
    }

    private mutating func go(to next: SessionState) throws(SessionStateRefusal) {
        guard self.state.allows(next) else {
            throw SessionStateRefusal(session: self.id, from: self.state, to: next)
        }
        self.state = next
    }
}

// MARK: - As JSON

extension SessionRecord {
    /// The members of `session.json`, in their order; what is ours comes last.
    package var json: JSONValue {
        var members: JSONObject = [
            "id": .string(self.id.hex), "state": .string(self.state.rawValue),
            "provider_name": .string(self.provider), "model": .string(self.model),
            "created_at": self.createdAt.map { .string($0.logText) } ?? .null,
            "suspended_at": self.suspendedAt.map { .string($0.logText) } ?? .null,
            "provider_state": .string(Base64.encode(self.blob)),
        ]
        if self.blobTurn > 0 { members["upto_turn"] = .integer(Int64(self.blobTurn)) }
        if let reference = self.reference { members["provider_ref"] = reference }
        return .object(members)
    }

    /// Reads what an earlier version or another program has written: only `id` and `state` must be there.
    package init?(json: JSONValue) {
        guard let id = json["id"]?.string.flatMap(SessionID.init(hexOrDashed:)),
            let state = json["state"]?.string.flatMap(SessionState.init(rawValue:))
        else { return nil }
        self.init(
            id: id, state: state, provider: json["provider_name"]?.string ?? "", model: json["model"]?.string ?? "",
            createdAt: json["created_at"]?.string.flatMap(Timestamp.init), reference: json["provider_ref"])
        self.suspendedAt = state == .suspended ? json["suspended_at"]?.string.flatMap(Timestamp.init) : nil
        self.blob = json["provider_state"]?.string.flatMap(Base64.decode) ?? []
        self.blobTurn = Int(json["upto_turn"]?.integer ?? 0)
    }
}
