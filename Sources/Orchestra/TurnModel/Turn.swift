package import Vocabulary

/// Names a turn: from 1, in the order in which the store took them.
package struct TurnID: Hashable, Sendable {
    package let number: UInt64

    /// `number` must not be 0, which stands for "none" on the wire.
    package init(_ number: UInt64) {
        precondition(number > 0, "a turn id is never 0")
        self.number = number
    }

    /// `nil` for 0, as the wire means it.
    package init?(wire number: UInt64) {
        guard number > 0 else { return nil }
        self.number = number
    }
}

/// Names a context: from 1, in the order in which they were made. To `orchestra` it is the session id.
package struct ContextID: Hashable, Sendable {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }
}

extension TurnID: Comparable, CustomStringConvertible {
    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    package var description: String { "\(self.number)" }
}

extension ContextID: Comparable, LosslessStringConvertible {
    /// Reads decimal digits; `nil` for anything else, 0 among it.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(text), number > 0 else {
            return nil
        }
        self.init(number)
    }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    package var description: String { "\(self.number)" }
}

/// What a payload is declared to be. Not checked against any registry.
package struct TurnType: Hashable, Sendable, CustomStringConvertible {
    package var id: String
    package var version: UInt32

    package init(_ id: String, version: UInt32) {
        self.id = id
        self.version = version
    }

    package var description: String { "\(self.id) v\(self.version)" }
}

/// How payload bytes are to be read. Any number is kept.
package struct TurnEncoding: Hashable, Sendable {
    package let number: UInt32

    package init(number: UInt32) { self.number = number }

    package static let msgpack = Self(number: 1)
}

/// How a writer sent a payload. The store keeps the bytes uncompressed, and the word as a fact.
package enum TurnCompression: UInt32, Sendable {
    case none = 0
    case zstd = 1
}

/// What a writer wants to add.
package struct NewTurn: Hashable, Sendable {
    package var type: TurnType
    package let payload: [UInt8]
    /// Of the payload; made by whoever makes this, and not on the thread that commits.
    package let hash: BLAKE3.Digest
    package var encoding: TurnEncoding
    package var compression: TurnCompression
    /// The hash that the writer claims; refused if it is another's.
    package var claimedHash: BLAKE3.Digest?

    package init(
        type: TurnType, payload: [UInt8], encoding: TurnEncoding = .msgpack, compression: TurnCompression = .none,
        claimedHash: BLAKE3.Digest? = nil
    ) {
        self.type = type
        self.payload = payload
        self.hash = BLAKE3.hash(payload)
        self.encoding = encoding
        self.compression = compression
        self.claimedHash = claimedHash
    }
}

/// Where a turn is in the forest of turns.
///
/// `jump` is an ancestor further up, chosen so that any ancestor is found in a number of steps that grows as the
/// logarithm of the depth (E. W. Myers, "An applicative random-access stack", 1983), whatever was forked where:
///
///     depth   0  1  2  3  4  5  6  7
///     jump    0  0  1  0  3  4  3  0 ...    each turn keeps two numbers, and forking costs nothing
package struct TurnNode: Hashable, Sendable {
    package let id: TurnID
    /// `nil` for a root.
    package let parent: TurnID?
    /// 0 for a root, else the parent's and 1.
    package let depth: UInt32
    /// Itself for a root.
    package let jump: TurnID

    package init(id: TurnID, parent: TurnID?, depth: UInt32, jump: TurnID) {
        self.id = id
        self.parent = parent
        self.depth = depth
        self.jump = jump
    }
}

/// One turn as the store has it. It never changes.
package struct Turn: Hashable, Sendable {
    package let node: TurnNode
    /// The context that appended it.
    package let context: ContextID
    package let type: TurnType
    package let encoding: TurnEncoding
    package let compression: TurnCompression
    /// Of the payload.
    package let hash: BLAKE3.Digest
    package let length: ByteCount
    package let createdAt: Timestamp
    /// `nil` when it was not asked for, or is larger than was asked for.
    package let payload: [UInt8]?

    package init(
        node: TurnNode, context: ContextID, type: TurnType, encoding: TurnEncoding, compression: TurnCompression,
        hash: BLAKE3.Digest, length: ByteCount, createdAt: Timestamp, payload: [UInt8]?
    ) {
        self.node = node
        self.context = context
        self.type = type
        self.encoding = encoding
        self.compression = compression
        self.hash = hash
        self.length = length
        self.createdAt = createdAt
        self.payload = payload
    }

    package var id: TurnID { self.node.id }
    package var parent: TurnID? { self.node.parent }
    package var depth: UInt32 { self.node.depth }
}

/// A pointer that moves: its history is the chain of parents from its head.
package struct TurnContext: Hashable, Sendable {
    package let id: ContextID
    /// `nil` as long as it is empty.
    package var head: TurnID?
    /// 0 for an empty context too.
    package var headDepth: UInt32
    /// The turn it was forked at.
    package let base: TurnID?
    /// The first turn that was appended to it and not inherited.
    package var firstOwn: TurnID?
    package let createdAt: Timestamp
    /// When the head last moved; the creation for one that never did.
    package var movedAt: Timestamp

    package init(
        id: ContextID, head: TurnID?, headDepth: UInt32, base: TurnID?, firstOwn: TurnID?, createdAt: Timestamp,
        movedAt: Timestamp
    ) {
        self.id = id
        self.head = head
        self.headDepth = headDepth
        self.base = base
        self.firstOwn = firstOwn
        self.createdAt = createdAt
        self.movedAt = movedAt
    }
}
