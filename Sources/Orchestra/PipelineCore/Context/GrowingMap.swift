import HashTreeCollections

/// A map in the order in which its keys came, whose copy costs only what is changed in it afterwards.
///
/// A run is copied for every decision, so what grows with it must not be copied whole. A value that is replaced keeps
/// its place; a key that went and comes again is the last. Listing it takes sorting, so ask for single keys.
struct GrowingMap<Key: Hashable & Sendable, Value: Equatable & Sendable>: Sendable {
    private struct Entry: Sendable {
        let place: Int
        var value: Value
    }

    private var entries: TreeDictionary<Key, Entry> = [:]
    private var nextPlace = 0

    init() {}

    var count: Int { self.entries.count }

    subscript(key: Key) -> Value? {
        get { self.entries[key]?.value }
        set {
            guard let newValue else {
                self.entries[key] = nil
                return
            }
            let (place, count) = (self.nextPlace, self.entries.count)
            self.entries.updateValue(forKey: key, default: Entry(place: place, value: newValue)) { $0.value = newValue }
            if self.entries.count > count { self.nextPlace += 1 }
        }
    }

    /// All of it, in order.
    var listed: [(key: Key, value: Value)] {
        self.entries.sorted { $0.value.place < $1.value.place }.map { ($0.key, $0.value.value) }
    }

    /// Whether `isGood` holds for every key, asked in no order.
    func allSatisfy(_ isGood: (Key, Value) -> Bool) -> Bool {
        self.entries.allSatisfy { isGood($0.key, $0.value.value) }
    }

    /// In no order.
    func reduce<Sum>(_ sum: Sum, _ add: (Sum, Key, Value) -> Sum) -> Sum {
        self.entries.reduce(sum) { add($0, $1.key, $1.value.value) }
    }
}

extension GrowingMap: Equatable {
    /// Order is for people.
    static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0] == $1 }
    }
}
