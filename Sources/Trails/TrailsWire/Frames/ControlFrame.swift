package import Vocabulary

/// `control`: a command for an app.
package struct ControlFrame: WireFrame {
    package static let type = "control"

    package var appID: AppID
    package var action: String
    package var correlationID: CorrelationID
    package var payload: JSONValue
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp
    package var scope: ControlScope
    package var issuer: Issuer?
    /// The app the command was given to, when that is not `appID`: the top of a subtree.
    package var target: AppID?
    package var filter: JSONObject?
    /// The identity the issuer gave the command, when the server gave each app one of its own.
    package var commandID: CorrelationID?

    package init(
        appID: AppID, action: String, correlationID: CorrelationID, payload: JSONValue, issuedAt: Timestamp,
        expiresAt: Timestamp, scope: ControlScope, issuer: Issuer? = nil, target: AppID? = nil,
        filter: JSONObject? = nil, commandID: CorrelationID? = nil
    ) {
        self.appID = appID
        self.action = action
        self.correlationID = correlationID
        self.payload = payload
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.scope = scope
        self.issuer = issuer
        self.target = target
        self.filter = filter
        self.commandID = commandID
    }
}

extension ControlFrame {
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id()),
            action: try fields.need("action", .symbol),
            correlationID: try fields.need("correlation_id", .id()),
            payload: fields.object["payload"] ?? .null,
            issuedAt: try fields.need("issued_at", .moment),
            expiresAt: try fields.need("expires_at", .moment),
            scope: try fields.need("scope", .word(ControlScope.self)),
            issuer: try fields.find("issuer", .record(Issuer.self)),
            target: try fields.find("target", .id()),
            filter: try fields.find("filter", .labels),
            commandID: try fields.find("command_id", .id()))
    }

    package var members: JSONObject {
        .of(
            ("app_id", self.appID), ("action", self.action), ("correlation_id", self.correlationID),
            ("payload", self.payload), ("issued_at", self.issuedAt), ("expires_at", self.expiresAt),
            ("scope", self.scope), ("issuer", self.issuer), ("target", self.target), ("filter", self.filter),
            ("command_id", self.commandID))
    }

    /// The command as its issuer signed it. An app that believes only issuers counts repeats by its `correlationID`.
    package var command: IssuedCommand {
        IssuedCommand(
            target: self.target ?? self.appID, scope: self.scope, filter: self.filter, action: self.action,
            correlationID: self.commandID ?? self.correlationID, payload: self.payload, issuedAt: self.issuedAt,
            expiresAt: self.expiresAt)
    }

    /// The frame that carries `command` to `app`.
    package init(
        _ command: IssuedCommand, to app: AppID, issuer: Issuer?, correlationID: CorrelationID? = nil
    ) {
        let ownID = correlationID ?? command.correlationID
        self.init(
            appID: app, action: command.action, correlationID: ownID, payload: command.payload,
            issuedAt: command.issuedAt, expiresAt: command.expiresAt, scope: command.scope, issuer: issuer,
            target: command.target == app ? nil : command.target, filter: command.filter,
            commandID: ownID == command.correlationID ? nil : command.correlationID)
    }
}
