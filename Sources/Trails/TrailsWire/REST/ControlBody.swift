package import TrailsCore
package import Vocabulary

/// `POST /apps/{id}/control`: a command.
package struct ControlBody: WireRecord {
    package var correlationID: CorrelationID
    package var action: String
    package var payload: JSONValue
    package var scope: ControlScope
    package var filter: JSONObject?
    package var timeToLive: Duration?
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp
    package var issuer: Issuer?

    /// The body for a command that was signed by `issuer`, or by nobody but the call itself.
    package init(_ command: IssuedCommand, issuer: Issuer?, timeToLive: Duration? = nil) {
        self.correlationID = command.correlationID
        self.action = command.action
        self.payload = command.payload
        self.scope = command.scope
        self.filter = command.filter
        self.timeToLive = timeToLive
        self.issuedAt = command.issuedAt
        self.expiresAt = command.expiresAt
        self.issuer = issuer
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.correlationID = try fields.need("correlationId", .id())
        self.action = try fields.need("action", .symbol)
        self.payload = fields.object["payload"] ?? .null
        self.scope = try fields.find("scope", .word(ControlScope.self)) ?? .node
        self.filter = try fields.find("filter", .labels)
        self.timeToLive = try fields.find("ttl", .seconds(in: 1...WireLimits.secondsMax))
        self.issuedAt = try fields.need("issuedAt", .moment)
        self.expiresAt = try fields.need("expiresAt", .moment)
        self.issuer = try fields.find("issuer", .record(Issuer.self))
    }

    package var members: JSONObject {
        .of(
            ("correlationId", self.correlationID), ("action", self.action), ("payload", self.payload),
            ("scope", self.scope), ("filter", self.filter), ("ttl", self.timeToLive), ("issuedAt", self.issuedAt),
            ("expiresAt", self.expiresAt), ("issuer", self.issuer))
    }

    /// The command as its issuer signed it; `target` is the app in the path.
    package func command(to target: AppID) -> IssuedCommand {
        IssuedCommand(
            target: target, scope: self.scope, filter: self.filter, action: self.action,
            correlationID: self.correlationID, payload: self.payload, issuedAt: self.issuedAt,
            expiresAt: self.expiresAt)
    }
}

/// What became of a command: `{correlationId, queued}`, or with answers `{correlationId, answers, pending}`.
package struct ControlView: WireRecord {
    /// What one app answered.
    package struct Answer: WireRecord {
        package var appID: AppID
        package var correlationID: CorrelationID
        package var outcome: AckOutcome
        package var result: JSONValue?
        package var error: String?

        package init(
            appID: AppID, correlationID: CorrelationID, outcome: AckOutcome, result: JSONValue? = nil,
            error: String? = nil
        ) {
            self.appID = appID
            self.correlationID = correlationID
            self.outcome = outcome
            self.result = result
            self.error = error
        }

        package init(reading fields: FieldReader) throws(FrameError) {
            self.init(
                appID: try fields.need("appId", .id()),
                correlationID: try fields.need("correlationId", .id()),
                outcome: try fields.need("ack", .word(AckOutcome.self)),
                result: try fields.find("result", .any),
                error: try fields.find("error", .shown))
        }

        package var members: JSONObject {
            .of(
                ("appId", self.appID), ("correlationId", self.correlationID), ("ack", self.outcome),
                ("result", self.result), ("error", self.error))
        }
    }

    package var correlationID: CorrelationID
    /// To how many apps it goes; `nil` in an answer that was waited for.
    package var queued: Int64?
    package var answers: [Answer]
    /// How many have not answered; `nil` in an answer that was not waited for.
    package var pending: Int64?

    package init(correlationID: CorrelationID, queued: Int64? = nil, answers: [Answer] = [], pending: Int64? = nil) {
        self.correlationID = correlationID
        self.queued = queued
        self.answers = answers
        self.pending = pending
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            correlationID: try fields.need("correlationId", .id()),
            queued: try fields.find("queued", .count),
            answers: try fields.find("answers", .list(.record(Answer.self), countMax: WireLimits.answersMax)) ?? [],
            pending: try fields.find("pending", .count))
    }

    package var members: JSONObject {
        .of(
            ("correlationId", self.correlationID), ("queued", self.queued),
            ("answers", self.pending == nil ? nil : self.answers.map(\.json)), ("pending", self.pending))
    }
}
