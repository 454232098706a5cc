package import DequeModule
package import TrailsCore
package import Vocabulary

/// What an app reported and the server has not acknowledged, in order.
///
///     accept -> [unsent] -- number --> [sent] -- acknowledge --> gone
///                  |                      |
///                  drop (policy)          resend on every new connection, with the same seq
///
/// At most `windowMax` messages are kept. When it is full the oldest Status that was never sent makes room; what was
/// sent is never dropped, nor is a Result or an Error, which may therefore go over the limit. At most `flightMax` are
/// sent and unacknowledged, so that of a flood the newest Status is what is kept.
package struct Outbox: Sendable {
    package static let windowMax = 1_024
    package static let flightMax = 512

    package struct Entry: Hashable, Sendable {
        package let message: Message
        /// Given at first sending.
        package internal(set) var seq: Int64?
        /// It was sent on the connection of now.
        var isOnWire = false
        /// Orders all messages of the client.
        let ordinal: Int64
    }

    package private(set) var sent: Deque<Entry> = []
    package private(set) var unsent: Deque<Entry> = []
    /// The number that the next message gets.
    package private(set) var nextSeq: Int64 = 1
    private var mustResend = false
}

/// One report of an app.
package struct Message: Hashable, Sendable {
    /// Names the message before it has a seq: in the spool.
    package let id: MessageID
    package let kind: MessageKind
    package let timestamp: Timestamp
    package internal(set) var payload: JSONValue
    package let correlationID: CorrelationID?

    package init(
        id: MessageID, kind: MessageKind, timestamp: Timestamp, payload: JSONValue, correlationID: CorrelationID? = nil
    ) {
        self.id = id
        self.kind = kind
        self.timestamp = timestamp
        self.payload = payload
        self.correlationID = correlationID
    }
}

extension Outbox {
    package var isEmpty: Bool { self.sent.isEmpty && self.unsent.isEmpty }
    package var count: Int { self.sent.count + self.unsent.count }

    /// The eldest message that is not acknowledged.
    var firstOrdinal: Int64? {
        let sent = self.sent.lazy.map(\.ordinal).min()
        return [sent, self.unsent.first?.ordinal].compactMap { $0 }.min()
    }

    /// Takes a message and returns the one that had to go for it; that may be itself.
    mutating func accept(_ message: Message, ordinal: Int64) -> Message? {
        self.unsent.append(Entry(message: message, ordinal: ordinal))
        guard self.count > Self.windowMax else { return nil }
        guard let place = self.unsent.firstIndex(where: { $0.message.kind == .status }) else { return nil }
        return self.unsent.remove(at: place).message
    }

    /// What is to be sent now, in order: first again what was sent before `connectionLost`, then new messages.
    mutating func takeSendable() -> (again: [Entry], new: [Entry]) {
        var again: [Entry] = []
        if self.mustResend {
            for place in self.sent.indices where !self.sent[place].isOnWire {
                self.sent[place].isOnWire = true
                again.append(self.sent[place])
            }
            self.mustResend = false
        }
        var new: [Entry] = []
        while self.sent.count < Self.flightMax, var entry = self.unsent.popFirst() {
            entry.seq = self.nextSeq
            entry.isOnWire = true
            self.nextSeq += 1
            self.sent.append(entry)
            new.append(entry)
        }
        return (again, new)
    }

    /// Everything up to `seq` is stored for ever.
    mutating func acknowledge(upTo seq: Int64) -> [Message] {
        var gone: [Message] = []
        while let first = self.sent.first, let number = first.seq, number <= seq {
            gone.append(first.message)
            self.sent.removeFirst()
        }
        return gone
    }

    /// What is between `first` and `last` is stored for ever, or refused for ever.
    mutating func acknowledge(_ numbers: ClosedRange<Int64>) -> [Message] {
        let isNumbered = { (entry: Entry) in entry.seq.map(numbers.contains) ?? false }
        let gone = self.sent.filter(isNumbered).map(\.message)
        if !gone.isEmpty { self.sent.removeAll(where: isNumbered) }
        return gone
    }

    /// Nothing is known of what was sent and not acknowledged: it is sent again.
    mutating func connectionLost() {
        for place in self.sent.indices { self.sent[place].isOnWire = false }
        self.mustResend = !self.sent.isEmpty
    }

    /// The server has numbers up to `seq`, so new messages come after it.
    mutating func advance(past seq: Int64) { self.nextSeq = max(self.nextSeq, seq + 1) }

    /// Takes the number `seq` away from a message, which was not stored under it: it gets a new one.
    mutating func renumber(_ seq: Int64) -> Message? {
        guard let place = self.sent.firstIndex(where: { $0.seq == seq }) else { return nil }
        var entry = self.sent.remove(at: place)
        entry.seq = nil
        entry.isOnWire = false
        self.unsent.prepend(entry)
        return entry.message
    }

    /// Another incarnation began, which has none of the numbers: all messages get new ones from `first` on.
    mutating func renumberAll(from first: Int64) {
        for var entry in self.sent.reversed() {
            entry.seq = nil
            entry.isOnWire = false
            self.unsent.prepend(entry)
        }
        self.sent = []
        self.nextSeq = first
        self.mustResend = false
    }

    /// Puts `payload` in place of one that can never be sent.
    mutating func replacePayload(of seq: Int64, with payload: JSONValue) {
        guard let place = self.sent.firstIndex(where: { $0.seq == seq }) else { return }
        var entry = self.sent[place]
        var message = entry.message
        message.payload = payload
        entry = Entry(message: message, seq: entry.seq, isOnWire: false, ordinal: entry.ordinal)
        self.sent[place] = entry
        self.mustResend = true
    }
}
