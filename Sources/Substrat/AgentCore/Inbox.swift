package import Vocabulary

/// The messages that wait for one agent, in the order in which they came.
package struct Inbox: Hashable, Sendable {
    package private(set) var pending: [Pending] = []
    package private(set) var size: ByteCount = .zero

    /// A message that waits.
    package struct Pending: Hashable, Sendable {
        package let envelope: Envelope
        /// Orders the messages of one log.
        package let place: Int
        /// It was shown before, in a turn that did not end well.
        package var isRedelivered = false
    }
}

extension Inbox {
    package var isEmpty: Bool { self.pending.isEmpty }
    package var count: Int { self.pending.count }
    package var ids: [EnvelopeID] { self.pending.map(\.envelope.id) }

    package func holds(_ id: EnvelopeID) -> Bool {
        self.pending.contains { $0.envelope.id == id }
    }

    /// Those that `sender` has sent and that are of `kind`; both hold where both are given. Nothing is taken away.
    package func matches(sender: AgentID? = nil, kind: EnvelopeKind? = nil) -> [Pending] {
        self.pending.filter {
            (sender == nil || $0.envelope.sender == sender) && (kind == nil || $0.envelope.kind == kind)
        }
    }

    mutating func insert(_ message: Pending) {
        let index = self.pending.lastIndex { $0.place < message.place }.map { $0 + 1 } ?? 0
        self.pending.insert(message, at: index)
        self.size += .bytes(message.envelope.payload.utf8.count)
    }

    mutating func remove(_ id: EnvelopeID) -> Pending? {
        guard let index = self.pending.firstIndex(where: { $0.envelope.id == id }) else { return nil }
        let message = self.pending.remove(at: index)
        self.size = .bytes(self.size.bytes - message.envelope.payload.utf8.count)
        return message
    }
}
