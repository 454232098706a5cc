package import TurnModel
package import Vocabulary

/// Who owns a session, for stores that have no leases of their own.
package struct LeaseRecord: PipelineTurnValue {
    package var owner: String
    package var host: String
    package var pid: Int64
    package var bootID: String
    package var expiresAt: Timestamp
    package var epoch: UInt64
    package var isReleased: Bool?
    package var startTime: Int64?

    package init(owner: String, host: String, pid: Int64, bootID: String, expiresAt: Timestamp, epoch: UInt64) {
        self.owner = owner
        self.host = host
        self.pid = pid
        self.bootID = bootID
        self.expiresAt = expiresAt
        self.epoch = epoch
    }
}

extension LeaseRecord {
    package static let typeID = "dev.orchestra.Lease"

    package static let fields = [
        FieldFact(1, "owner", "string", required: true),
        FieldFact(2, "host", "string", required: true),
        FieldFact(3, "pid", "i64", required: true),
        FieldFact(4, "boot_id", "string", required: true),
        FieldFact(5, "expires_at_unix_ms", "timestamp_ms", required: true),
        FieldFact(6, "epoch", "u64", required: true),
        FieldFact(7, "is_released", "bool"),
        FieldFact(8, "start_time", "i64", since: 2),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.owner, 1)
        writer.put(self.host, 2)
        writer.put(self.pid, 3)
        writer.put(self.bootID, 4)
        writer.put(self.expiresAt, 5)
        writer.put(self.epoch, 6)
        writer.put(self.isReleased, 7)
        writer.put(self.startTime, 8)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(
            owner: try reader.required(1), host: try reader.required(2), pid: try reader.required(3),
            bootID: try reader.required(4), expiresAt: try reader.required(5), epoch: try reader.required(6)
        )
        self.isReleased = try reader.optional(7)
        self.startTime = try reader.optional(8)
    }
}
