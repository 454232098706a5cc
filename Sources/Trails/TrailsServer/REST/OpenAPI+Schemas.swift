import Vocabulary

extension OpenAPI {
    private static let id: JSONValue = ["type": "string", "format": "uuid"]
    private static let key: JSONValue = ["type": "string", "pattern": "^ed25519:"]
    private static let moment: JSONValue = ["type": "integer", "description": "milliseconds since 1970"]
    private static let seconds: JSONValue = ["type": "integer", "description": "seconds"]
    private static let text: JSONValue = ["type": "string"]
    private static let number: JSONValue = ["type": "integer"]
    private static let flag: JSONValue = ["type": "boolean"]
    private static let any: JSONValue = [:]
    private static let labels: JSONValue = ["type": "object"]
    private static let level: JSONValue = ["type": "string", "enum": ["open", "signed", "encrypted", "full"]]

    /// An object; members that may be missing or null have a question mark behind their name.
    private static func object(_ members: (String, JSONValue)...) -> JSONValue {
        var properties: JSONObject = [:]
        var required: [JSONValue] = []
        for (name, schema) in members {
            if name.hasSuffix("?") {
                properties[String(name.dropLast())] = ["anyOf": [schema, ["type": "null"]]]
            } else {
                properties[name] = schema
                required.append(.string(name))
            }
        }
        return ["type": "object", "properties": .object(properties), "required": .array(required)]
    }

    private static func list(_ schema: JSONValue) -> JSONValue { ["type": "array", "items": schema] }
    private static func named(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }
    private static func page(_ name: String) -> JSONValue {
        self.object(("items", self.list(self.named(name))), ("cursor?", self.text))
    }

    static let schemas: JSONObject = Self.answers.merging(Self.bodies)

    private static let answers: JSONObject = [
        "Document": ["type": "object"],
        "Problem": Self.object(
            ("type?", Self.text), ("title", Self.text), ("status", Self.number), ("detail", Self.text),
            ("code", Self.text), ("hint?", Self.text)),
        "Server": Self.object(
            ("serverPubKey", Self.key), ("serverInstance", Self.text), ("version", Self.text),
            ("protocol", Self.number), ("startedAt", Self.moment), ("now", Self.moment)),
        "App": Self.object(
            ("appId", Self.id), ("parentId?", Self.id), ("appName", Self.text), ("status", Self.text),
            ("presence", Self.text), ("level", Self.level), ("permanentRoot", Self.flag),
            ("parentUnverified", Self.flag), ("startDay", Self.number), ("incarnation", Self.number),
            ("sessionEpoch", Self.number), ("scheduledAt", Self.moment), ("registeredAt?", Self.moment),
            ("endedAt?", Self.moment), ("updatedAt", Self.moment), ("deadline?", Self.moment), ("cause?", Self.text),
            ("cancelling", Self.flag), ("revoked", Self.flag), ("tags", Self.labels),
            ("roleRefs", Self.list(Self.text)), ("processInfo?", Self.labels), ("progress?", ["type": "number"]),
            ("note?", Self.text), ("message?", Self.text), ("result?", Self.any), ("lastSeq", Self.number),
            ("liveDescendants?", Self.number)),
        "Apps": Self.page("App"),
        "Ancestors": Self.object(
            ("items", Self.list(Self.object(("app_id", Self.id), ("pub_key", Self.key)))), ("cursor?", Self.text)),
        "RegisteredApp": Self.object(("app", Self.named("App")), ("registered", Self.labels)),
        "Message": Self.object(
            ("eventId", Self.number), ("appId", Self.id), ("incarnation", Self.number), ("seq", Self.number),
            ("messageId?", Self.id), ("type", Self.text), ("timestamp", Self.moment), ("receivedAt", Self.moment),
            ("correlationId?", Self.id), ("payload", Self.any), ("late", Self.flag), ("tombstone", Self.flag)),
        "Messages": Self.page("Message"),
        "Receipt": Self.object(
            ("seq?", Self.number), ("eventId?", Self.number), ("late?", Self.flag), ("status?", Self.text),
            ("items?", Self.list(Self.labels))),
        "SpoolReceipts": Self.object(
            (
                "items",
                Self.list(
                    Self.object(
                        ("messageId", Self.id), ("outcome", ["enum": ["stored", "duplicate", "refused"]]),
                        ("seq?", Self.number), ("eventId?", Self.number), ("late?", Self.flag),
                        ("status?", Self.text), ("code?", Self.text), ("message?", Self.text), ("hint?", Self.text)))
            ), ("cursor?", Self.text)),
        "Event": Self.object(
            ("eventId", Self.number), ("appId", Self.id), ("at", Self.moment), ("event", Self.labels)),
        "Events": Self.page("Event"),
        "Cascade": Self.object(
            ("cascadeId", Self.id), ("appId", Self.id), ("cascade", Self.flag), ("reason?", Self.text),
            ("state", ["type": "string", "enum": ["running", "finished"]]), ("level", Self.number),
            ("levels", Self.number), ("total", Self.number), ("acked", Self.number), ("cancelled", Self.number),
            ("pending", Self.number), ("forceKilled", Self.number), ("lost", Self.number), ("startedAt", Self.moment),
            ("finishedAt?", Self.moment), ("levelDeadline?", Self.moment)),
        "Control": Self.object(
            ("correlationId", Self.id), ("queued?", Self.number), ("answers?", Self.list(Self.labels)),
            ("pending?", Self.number)),
    ]

    private static let bodies: JSONObject = [
        "DeclareChild": Self.object(
            ("appId", Self.id), ("parentId?", Self.id), ("appName", Self.text), ("startDeadline?", Self.seconds),
            ("secLevel", Self.level), ("scheduledAt", Self.moment), ("tags?", Self.labels),
            ("roleRefs?", Self.list(Self.text)), ("declaration", Self.labels)),
        "RegisterApp": Self.object(
            ("appId", Self.id), ("parentId?", Self.id), ("appName", Self.text), ("childPubKey", Self.key),
            ("presence", ["const": "detached"]), ("lease", Self.seconds), ("permanentRoot?", Self.flag),
            ("recoveryPubKey?", Self.key), ("secLevel", Self.level), ("scheduledAt", Self.moment),
            ("tags?", Self.labels), ("roleRefs?", Self.list(Self.text)), ("processInfo?", Self.labels),
            ("declaration?", Self.labels), ("enrollSig?", Self.text)),
        "PostMessages": Self.object(
            ("messages?", Self.list(Self.labels)), ("messageId?", Self.id), ("type?", Self.text),
            ("timestamp?", Self.moment), ("payload?", Self.any), ("correlationId?", Self.id),
            ("enrollment?", Self.labels)),
        "Spool": Self.object(
            (
                "messages",
                Self.list(
                    Self.object(
                        ("app_id", Self.id), ("message_id", Self.id), ("msg_type", Self.text),
                        ("timestamp", Self.moment), ("payload?", Self.any), ("correlation_id?", Self.id),
                        ("sig?", Self.text), ("incarnation?", Self.number), ("seq?", Self.number)))
            ), ("registers?", Self.list(Self.labels))),
        "Disconnect": Self.object(("reason", Self.text)),
        "GiveControl": Self.object(
            ("correlationId", Self.id), ("action", Self.text), ("payload?", Self.any),
            ("scope?", ["enum": ["node", "subtree"]]), ("filter?", Self.labels), ("ttl?", Self.seconds),
            ("issuedAt", Self.moment), ("expiresAt", Self.moment), ("issuer?", Self.labels)),
        "Cancel": Self.object(
            ("cascadeId", Self.id), ("reason?", Self.text), ("grace?", Self.seconds), ("issuedAt?", Self.moment),
            ("expiresAt?", Self.moment), ("issuer?", Self.labels)),
        "Rekey": Self.object(("pubKey", Self.key), ("proof?", Self.text)),
        "Bind": Self.object(("cidrs", Self.list(Self.text))),
        "Revoke": Self.object(("appId", Self.id), ("reason?", Self.text)),
    ]
}

extension JSONObject {
    fileprivate func merging(_ others: JSONObject) -> JSONObject {
        var all = self
        for (name, value) in others { all[name] = value }
        return all
    }
}
