package import Vocabulary

/// What is to happen at once, or not at all: turns, a new context, a lease, a session, answers to requests.
package struct AppendGroup: Hashable, Sendable {
    package enum Target: Hashable, Sendable {
        case context(ContextID)
        /// Makes a context whose head is `base`; empty when there is none.
        case newContext(base: TurnID?)
    }

    /// What the first turn of the group follows.
    package enum Parent: Hashable, Sendable {
        case head
        /// Any turn of the store: the head then moves sideways, and the old tip stays reachable by its id.
        case turn(TurnID)
    }

    /// What the head must be for the group to be taken.
    package enum ExpectedHead: Hashable, Sendable {
        case any
        case empty
        case turn(TurnID)
    }

    package var target: Target
    package var parent = Parent.head
    package var expectedHead = ExpectedHead.any
    package var turns: [NewTurn]
    /// Makes it safe to send the group again.
    package var key: IdempotencyKey?
    /// The lease under which the writer writes.
    package var fence: LeaseEpoch?
    /// A lease of another context that nobody may have taken since: a branch is written by whoever owns the whole.
    package var rootFence: RootFence?
    package var lease: LeaseChange?
    package var session: NewSession?
    package var settlements: [Settlement] = []
    /// Kept beside the turns, which name them by their hashes.
    package var blobs: [NewBlob] = []

    package init(to target: Target, _ turns: [NewTurn] = []) {
        self.target = target
        self.turns = turns
    }

    package init(to context: ContextID, _ turns: [NewTurn] = []) { self.init(to: .context(context), turns) }
}

/// Bytes to be kept under their hash.
package struct NewBlob: Hashable, Sendable {
    package let bytes: [UInt8]
    /// Made by whoever makes this, and not on the thread that commits.
    package let hash: BLAKE3.Digest

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.hash = BLAKE3.hash(bytes)
    }
}

/// The lease of the session that a branch belongs to, as its writer knows it.
package struct RootFence: Hashable, Sendable {
    package let context: ContextID
    package let epoch: LeaseEpoch

    package init(context: ContextID, epoch: LeaseEpoch) {
        self.context = context
        self.epoch = epoch
    }
}

/// What a writer calls a group, so that a repeat is known as one. Unique in its context; those that make contexts share
/// one space.
package struct IdempotencyKey: Hashable, Sendable {
    package let bytes: [UInt8]

    /// `nil` when there are no bytes, which on the wire means that there is no key.
    package init?(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        if self.bytes.isEmpty { return nil }
    }

    package init?(_ text: String) { self.init(text.utf8) }
}

/// What became of a group.
package struct AppendAnswer: Hashable, Sendable {
    package struct Appended: Hashable, Sendable {
        package let id: TurnID
        package let depth: UInt32
        package let hash: BLAKE3.Digest

        package init(id: TurnID, depth: UInt32, hash: BLAKE3.Digest) {
            self.id = id
            self.depth = depth
            self.hash = hash
        }
    }

    package let context: ContextID
    /// In the order of the group.
    package let turns: [Appended]
    /// The head after the group: for one that appended nothing, the head it found.
    package let head: TurnID?
    package let headDepth: UInt32
    /// The lease that the group acquired or renewed. For a repeat only if it is still in force.
    package let lease: Lease?
    /// Whether the group had been taken before, under the same key.
    package let isRepeat: Bool

    package init(
        context: ContextID, turns: [Appended], head: TurnID?, headDepth: UInt32, lease: Lease?, isRepeat: Bool
    ) {
        self.context = context
        self.turns = turns
        self.head = head
        self.headDepth = headDepth
        self.lease = lease
        self.isRepeat = isRepeat
    }
}

/// What is kept of a key: enough to know a repeat and to answer it.
package struct KeptKey: Hashable, Sendable {
    package let digest: BLAKE3.Digest
    package let context: ContextID
    /// `nil` when nothing was appended.
    package let firstTurn: TurnID?
    package let turnCount: Int
    package let head: TurnID?
    package let headDepth: UInt32
    package let lease: LeaseEpoch?

    package init(
        digest: BLAKE3.Digest, context: ContextID, firstTurn: TurnID?, turnCount: Int, head: TurnID?,
        headDepth: UInt32, lease: LeaseEpoch?
    ) {
        self.digest = digest
        self.context = context
        self.firstTurn = firstTurn
        self.turnCount = turnCount
        self.head = head
        self.headDepth = headDepth
        self.lease = lease
    }
}

extension AppendGroup {
    /// Tells this group from another with the same key: what it appends and after what. Not under which lease, and not
    /// on what head it insisted.
    package var digest: BLAKE3.Digest {
        var fields: [MsgpackValue] = []
        switch self.target {
        case .context: fields.append(.null)
        case .newContext(let base): fields.append(.unsigned(base?.number ?? 0))
        }
        switch self.parent {
        case .head: fields.append(.null)
        case .turn(let turn): fields.append(.unsigned(turn.number))
        }
        fields.append(self.session.map { .string("\($0.displayID)") } ?? .null)
        for turn in self.turns {
            fields += [
                .string(turn.type.id), .unsigned(UInt64(turn.type.version)), .unsigned(UInt64(turn.encoding.number)),
                .bytes(turn.hash.bytes),
            ]
        }
        for settlement in self.settlements {
            fields += [.unsigned(settlement.request.number), .bytes(settlement.answer)]
        }
        return BLAKE3.hash(MsgpackValue.array(fields).encoded())
    }
}
