import TrailsCore
import TrailsWire
import Vocabulary

/// The lines of a spool file.
enum SpoolLine {
    static func head(server: ServerEndpoint, serverKey: PublicKey?) -> [UInt8] {
        Self.line(
            "spool",
            .of(("v", SigningContext.version), ("server_ep", server.description), ("server_pub_key", serverKey)))
    }

    static func register(_ identity: ClientIdentity) -> [UInt8] {
        var members =
            identity.registration?.members
            ?? .of(("app_id", identity.appID), ("child_pub_key", identity.key.publicKey))
        members["sec_level"] = identity.level.wireValue
        members["typ"] = "register"
        if let serverKey = identity.serverKey {
            members["sig"] =
                (try? SigningContext(audience: serverKey).sign("register", members, with: identity.key))?.wireValue
        }
        return Self.line("register", members)
    }

    static func message(_ message: Message, of app: AppID, signer: FrameSigner?) -> [UInt8] {
        var record = SpooledMessage(
            appID: app, messageID: message.id, kind: message.kind, timestamp: message.timestamp,
            payload: message.payload, correlationID: message.correlationID)
        if let signer {
            do throws(FrameError) {
                record = try record.signed(by: signer.key, for: signer.context.audience)
            } catch {
                // It has no canonical form, and goes to the server as a note as well.
                record = SpooledMessage(
                    appID: app, messageID: message.id, kind: message.kind, timestamp: message.timestamp,
                    payload: ClientCore.note(error.message))
                record = (try? record.signed(by: signer.key, for: signer.context.audience)) ?? record
            }
        }
        return Self.line(SpooledMessage.type, record.members)
    }

    static func numbered(_ app: AppID, incarnation: Int64, _ numbers: [MessageID: Int64]) -> [UInt8] {
        var object = JSONObject()
        for (id, seq) in numbers.sorted(by: { $0.value < $1.value }) { object[id.description] = .integer(seq) }
        return Self.line("numbered", .of(("app_id", app), ("incarnation", incarnation), ("numbers", object)))
    }

    static func gone(_ app: AppID, _ messages: [MessageID]) -> [UInt8] {
        Self.line("gone", .of(("app_id", app), ("messages", messages)))
    }

    private static func line(_ type: String, _ members: JSONObject) -> [UInt8] {
        var object: JSONObject = ["typ": .string(type)]
        for (name, value) in members { object[name] = value }
        return JSONValue.object(object).utf8 + [UInt8(ascii: "\n")]
    }
}
