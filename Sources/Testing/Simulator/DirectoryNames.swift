import TestKit

/// The names in one directory: as processes see them, and as the disk has them.
struct DirectoryNames {
    /// One step from names to names, which a crash leaves out or does whole.
    struct Change {
        /// For each name that is touched the file it names from then on.
        let entries: [(name: String, node: Int?)]
    }

    private(set) var cached: [String: Int] = [:]
    private var durable: [String: Int] = [:]
    private var pending: [Change] = []

    mutating func make(_ entries: [(name: String, node: Int?)]) {
        let change = Change(entries: entries)
        Self.apply(change, to: &self.cached)
        self.pending.append(change)
    }

    mutating func sync() {
        for change in self.pending { Self.apply(change, to: &self.durable) }
        self.pending = []
    }

    /// A failed sync: processes still see the names, but nothing will ever bring them to the disk.
    mutating func giveUp() {
        self.pending = []
    }

    mutating func loseCache(_ damage: FaultyFileSystem.Damage.Names, _ dice: inout SplitMix64) {
        let survivors: [Change] =
            switch damage {
            case .kept: self.pending
            case .dropped: []
            case .cut: Array(self.pending.prefix(Int.random(in: 0...self.pending.count, using: &dice)))
            case .scattered: self.pending.filter { _ in Bool.random(using: &dice) }
            }
        for change in survivors { Self.apply(change, to: &self.durable) }
        self.pending = []
        self.cached = self.durable
    }

    private static func apply(_ change: Change, to names: inout [String: Int]) {
        for entry in change.entries { names[entry.name] = entry.node }
    }
}
