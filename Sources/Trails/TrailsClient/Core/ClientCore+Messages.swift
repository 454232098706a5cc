import TrailsCore
import TrailsWire
import Vocabulary

// MARK: - Messages

extension ClientCore {
    mutating func sendMessages(of app: AppID) {
        guard let lane = self.lanes[app], lane.phase == .ready, self.socket == .open(isWritable: true),
            !lane.outbox.isEmpty
        else { return }
        let (again, new) = self.lanes[app]!.outbox.takeSendable()
        if !new.isEmpty {
            let numbers = Dictionary(uniqueKeysWithValues: new.map { ($0.message.id, $0.seq!) })
            self.emit(.spool(.numbered(app, incarnation: lane.incarnation, numbers)))
        }
        if !again.isEmpty || !new.isEmpty { self.emit(.send((again + new).map { self.encode($0, of: lane) })) }
    }

    /// The frame of a message; one whose payload cannot be sent carries a note instead.
    private mutating func encode(_ entry: Outbox.Entry, of lane: Lane) -> [UInt8] {
        let problem: String
        do throws(FrameError) {
            let bytes = try Self.frame(entry, of: lane, payload: entry.message.payload)
            if bytes.count <= Self.frameMax { return bytes }
            problem = "its \(bytes.count) bytes are over the limit of \(Self.frameMax)"
        } catch {
            problem = error.message
        }
        self.emit(.warn("a \(entry.message.kind.rawValue) of app \(lane.app.short) cannot be sent: \(problem)"))
        do throws(FrameError) {
            return try Self.frame(entry, of: lane, payload: Self.note(problem))
        } catch {
            preconditionFailure("a note cannot be signed: \(error)")
        }
    }

    private static func frame(
        _ entry: Outbox.Entry, of lane: Lane, payload: JSONValue
    ) throws(FrameError) -> [UInt8] {
        let message = entry.message
        return try ClientFrame.message(
            MessageFrame(
                appID: lane.app, startDay: lane.identity.startDay, kind: message.kind, timestamp: message.timestamp,
                seq: entry.seq!, correlationID: message.correlationID, payload: payload)
        ).encoded(by: lane.signer)
    }

    /// What stands in for a payload that cannot be sent.
    static func note(_ problem: String) -> JSONValue { ["trails_unsendable": .string(problem)] }

    mutating func take(_ frame: AckFrame) {
        var stored: [Message] = []
        self.change(frame.appID) { lane in
            guard lane.phase == .ready || lane.isLeft else { return }
            if frame.isSingle {
                stored = lane.outbox.acknowledge(frame.seq...frame.seq)
            } else {
                stored = lane.outbox.acknowledge(upTo: frame.seq)
                lane.lastSeq = max(lane.lastSeq, frame.seq)
            }
        }
        if !stored.isEmpty { self.backoff.succeed() }
        self.note(stored, of: frame.appID)
    }

    mutating func note(_ stored: [Message], of app: AppID) {
        if !stored.isEmpty { self.emit(.spool(.stored(app, stored.map(\.id)))) }
    }
}

extension Lane {
    var isLeft: Bool { if case .left = self.phase { true } else { false } }
}
