import TestKit

/// The bytes of one file: as processes see them, and as the disk has them.
struct FileBytes {
    enum Change {
        case write([UInt8], at: Int)
        case truncate(to: Int)
    }

    private(set) var cached: [UInt8] = []
    private var durable: [UInt8] = []
    /// What turns `durable` into `cached`, less what a failed sync gave up.
    private var pending: [Change] = []

    mutating func make(_ change: Change) {
        Self.apply(change, to: &self.cached)
        self.pending.append(change)
    }

    mutating func sync() {
        for change in self.pending { Self.apply(change, to: &self.durable) }
        self.pending = []
    }

    /// A failed sync: readers still see what was written, but nothing will ever bring it to the disk.
    mutating func giveUp() {
        self.pending = []
    }

    mutating func loseCache(_ damage: FaultyFileSystem.Damage.Bytes, _ dice: inout SplitMix64) {
        for change in Self.survivors(of: self.pending, damage, &dice) { Self.apply(change, to: &self.durable) }
        self.pending = []
        self.cached = self.durable
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .write(let new, at: let offset):
            if bytes.count < offset + new.count {
                bytes += repeatElement(0, count: offset + new.count - bytes.count)
            }
            bytes.replaceSubrange(offset..<offset + new.count, with: new)
        case .truncate(to: let length):
            if bytes.count > length {
                bytes.removeLast(bytes.count - length)
            } else {
                bytes += repeatElement(0, count: length - bytes.count)
            }
        }
    }

    private static func survivors(
        of changes: [Change], _ damage: FaultyFileSystem.Damage.Bytes, _ dice: inout SplitMix64
    ) -> [Change] {
        switch damage {
        case .kept: changes
        case .dropped: []
        case .cut: Self.cut(changes, after: Int.random(in: 0...Self.byteCount(changes), using: &dice))
        case .zeroed: changes.map(Self.zeroed)
        case .flipped: Self.flipped(changes, bit: Int.random(in: 0..<max(1, Self.byteCount(changes) * 8), using: &dice))
        case .scattered: changes.filter { _ in Bool.random(using: &dice) }
        }
    }

    private static func byteCount(_ changes: [Change]) -> Int {
        changes.reduce(0) { if case .write(let bytes, at: _) = $1 { $0 + bytes.count } else { $0 } }
    }

    private static func zeroed(_ change: Change) -> Change {
        guard case .write(let bytes, at: let offset) = change else { return change }
        return .write(Array(repeating: 0, count: bytes.count), at: offset)
    }

    private static func cut(_ changes: [Change], after count: Int) -> [Change] {
        var left = count
        var kept: [Change] = []
        for change in changes {
            guard case .write(let bytes, at: let offset) = change else {
                kept.append(change)
                continue
            }
            if left < bytes.count { return kept + [.write(Array(bytes.prefix(left)), at: offset)] }
            kept.append(change)
            left -= bytes.count
        }
        return kept
    }

    private static func flipped(_ changes: [Change], bit: Int) -> [Change] {
        var position = bit
        return changes.map { change in
            guard case .write(var bytes, at: let offset) = change else { return change }
            defer { position -= bytes.count * 8 }
            if bytes.indices.contains(position / 8) && position >= 0 { bytes[position / 8] ^= 1 << (position % 8) }
            return .write(bytes, at: offset)
        }
    }
}
