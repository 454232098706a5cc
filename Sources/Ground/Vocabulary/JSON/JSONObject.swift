/// The members of a JSON object, in the order in which they were written.
///
/// Order is for the people who read the text: equality and hash do not see it. Keys differ when their bytes do.
/// Finding a member of a big object takes constant time, removing one takes linear time.
public struct JSONObject: Sendable {
    /// A member: its key as it was written, and what it holds.
    public typealias Element = (key: String, value: JSONValue)

    /// Up to here, looking at every key is faster than hashing.
    static let scanMax = 16

    private var members: [Element] = []
    /// Where each key is in `members`; `nil` as long as there are at most `scanMax`.
    private var places: [ByteKey: Int]?

    /// Has no members yet: `{}`.
    public init() {}

    /// Takes members in this order; a key given twice is a bug and stops the program.
    init(_ members: [(String, JSONValue)]) {
        self.members.reserveCapacity(members.count)
        for (key, value) in members {
            let isNew = self.append(key, value)
            precondition(isNew, "duplicate key \(key) in an object literal")
        }
    }
}

extension JSONObject {
    /// In the order of the members.
    public var keys: [String] { self.members.map(\.key) }

    /// The member `key`. Setting replaces in place or appends; setting `nil` removes.
    public subscript(key: String) -> JSONValue? {
        get {
            self.place(of: key).map { self.members[$0].value }
        }
        set {
            switch (self.place(of: key), newValue) {
            case (let place?, let value?): self.members[place].value = value
            case (let place?, nil): self.remove(at: place)
            case (nil, let value?): self.appendUnseen(key, value)
            case (nil, nil): break
            }
        }
    }

    /// Makes room for `count` members.
    public mutating func reserveCapacity(_ count: Int) {
        self.members.reserveCapacity(count)
    }

    /// Adds a member at the end, or answers `false` and changes nothing when the key is there already.
    mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        guard self.place(of: key) == nil else { return false }
        self.appendUnseen(key, value)
        return true
    }

    private mutating func appendUnseen(_ key: String, _ value: JSONValue) {
        self.members.append((key, value))
        if self.places != nil {
            self.places![ByteKey(text: key)] = self.members.count - 1
        } else if self.members.count > Self.scanMax {
            self.index()
        }
    }

    private mutating func remove(at place: Int) {
        self.members.remove(at: place)
        self.places = nil
        if self.members.count > Self.scanMax { self.index() }
    }

    private mutating func index() {
        let pairs = self.members.enumerated().map { (ByteKey(text: $1.key), $0) }
        self.places = Dictionary(uniqueKeysWithValues: pairs)
    }

    private func place(of key: String) -> Int? {
        if let places { return places[ByteKey(text: key)] }
        for place in self.members.indices where self.members[place].key.hasSameBytes(as: key) { return place }
        return nil
    }
}

extension JSONObject: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { self.members.count }
    public subscript(position: Int) -> Element { self.members[position] }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object with these members in this order; a key given twice is a bug and stops the program.
    public init(dictionaryLiteral members: (String, JSONValue)...) { self.init(members) }
}

extension JSONObject: Hashable {
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        var sum = 0  // does not depend on the order
        for (key, value) in self.members {
            var member = Hasher()
            key.hashBytes(into: &member)
            value.hash(into: &member)
            sum &+= member.finalize()
        }
        hasher.combine(sum)
    }
}

/// A key that is equal to another when their bytes are.
private struct ByteKey: Hashable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
    func hash(into hasher: inout Hasher) { self.text.hashBytes(into: &hasher) }
}
