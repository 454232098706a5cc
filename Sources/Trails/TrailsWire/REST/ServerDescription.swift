package import Vocabulary

/// `GET /server`, the one answer that needs no signature: who the server is.
package struct ServerDescription: WireRecord {
    package var serverKey: PublicKey
    package var serverInstance: String
    package var version: String
    package var protocolVersion: Int64
    package var startedAt: Timestamp
    package var now: Timestamp

    package init(
        serverKey: PublicKey, serverInstance: String, version: String,
        protocolVersion: Int64 = SigningContext.version, startedAt: Timestamp, now: Timestamp
    ) {
        self.serverKey = serverKey
        self.serverInstance = serverInstance
        self.version = version
        self.protocolVersion = protocolVersion
        self.startedAt = startedAt
        self.now = now
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            serverKey: try fields.need("serverPubKey", .publicKey),
            serverInstance: try fields.need("serverInstance", .symbol),
            version: try fields.need("version", .symbol),
            protocolVersion: try fields.need("protocol", .count),
            startedAt: try fields.need("startedAt", .moment),
            now: try fields.need("now", .moment))
    }

    package var members: JSONObject {
        .of(
            ("serverPubKey", self.serverKey), ("serverInstance", self.serverInstance), ("version", self.version),
            ("protocol", self.protocolVersion), ("startedAt", self.startedAt), ("now", self.now))
    }
}

/// A part of a list: `{items, cursor}`. `cursor` is `nil` on the last page and means nothing but itself.
package struct Page<Item: WireRecord>: WireRecord {
    package var items: [Item]
    package var cursor: String?

    package init(items: [Item], cursor: String? = nil) {
        self.items = items
        self.cursor = cursor
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            items: try fields.need("items", .list(.record(Item.self), countMax: WireLimits.pageMax)),
            cursor: try fields.find("cursor", .sentence))
    }

    package var members: JSONObject {
        .of(("items", self.items.map(\.json)), ("cursor", self.cursor ?? JSONValue.null))
    }
}
