import Vocabulary

/// What was folded from the events of a log so far, in `events.ckpt`: whoever has it reads only what came later.
///
/// It may be lost, or belong to a file that was rotated away: then it is not valid, and all is read.
struct LogState: Hashable, Sendable {
    /// The number of the last event in it.
    let sequence: UInt64
    /// What the owner of the log makes of the events; nobody here looks into it.
    let state: JSONObject
    /// Where the line of that event ends.
    let offset: Int64
    /// Over the last bytes before `offset`.
    let tailChecksum: UInt32

    static let fileName = "events.ckpt"
    /// How many bytes before `offset` tell that the file is still the same: a number and a checksum are in them.
    static let tailLength = 64

    var bytes: [UInt8] {
        LineCheck.checked([
            "seq": .integer(Int64(self.sequence)), "offset": .integer(self.offset),
            "tail": .integer(Int64(self.tailChecksum)), "state": .object(self.state),
        ])
    }
}

extension LogState {
    /// Reads a checkpoint file; `nil` when it is damaged.
    init?(_ file: [UInt8]) {
        guard let object = LineCheck.body(of: file), let state = object["state"]?.object,
            let sequence = object["seq"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let offset = object["offset"]?.integer, offset >= 0,
            let tail = object["tail"]?.integer.flatMap({ UInt32(exactly: $0) })
        else { return nil }
        self.init(sequence: sequence, state: state, offset: offset, tailChecksum: tail)
    }
}
