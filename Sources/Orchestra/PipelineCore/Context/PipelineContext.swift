package import Vocabulary

/// What the stages of a run know in common: an ordered map from text to JSON (spec/orchestra.md 2.13).
///
/// A value: a copy is deep, and costs only what is changed in it afterwards; integers stay integers.
package struct PipelineContext: Sendable, Equatable {
    private var entries = GrowingMap<Key, JSONValue>()

    package init(_ values: JSONObject = [:]) {
        self.apply(values)
    }

    /// Equal to another when its bytes are, as JSON has it.
    private struct Key: Hashable, Sendable {
        let text: String

        static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }
        func hash(into hasher: inout Hasher) { self.text.hashBytes(into: &hasher) }
    }

    package subscript(key: String) -> JSONValue? {
        get { self.entries[Key(text: key)] }
        set { self.entries[Key(text: key)] = newValue }
    }

    /// All of it, in order; built anew for every call.
    package var values: JSONObject {
        var values = JSONObject()
        values.reserveCapacity(self.entries.count)
        for (key, value) in self.entries.listed { values[key.text] = value }
        return values
    }

    /// The value as conditions compare it; empty when there is none.
    package func text(_ key: String) -> String { self[key]?.comparedText ?? "" }

    package mutating func apply(_ updates: JSONObject) {
        for (key, value) in updates { self[key] = value }
    }

    package mutating func apply(_ delta: ContextDelta) {
        for key in delta.removed { self[key] = nil }
        self.apply(delta.set)
    }

    /// What must change in `earlier` to make it this context.
    package func delta(since earlier: Self) -> ContextDelta {
        var delta = ContextDelta()
        for (key, value) in self.values where earlier[key] != value { delta.set[key] = value }
        delta.removed = earlier.values.keys.filter { self[$0] == nil }
        return delta
    }

    /// As `delta(since:)`, for a context that differs in no other key than `keys`.
    func delta(since earlier: Self, among keys: [String]) -> ContextDelta {
        var delta = ContextDelta()
        for key in keys {
            let value = self[key]
            guard value != earlier[key] else { continue }
            delta.set[key] = value
            if value == nil { delta.removed.append(key) }
        }
        return delta
    }

    /// About how many bytes it takes on disk.
    package var deepSize: Int {
        self.entries.reduce(2) { $0 + $1.text.utf8.count + 2 + $2.deepSize }
    }
}

/// The change from one context to the next.
package struct ContextDelta: Sendable, Hashable {
    package var set: JSONObject = [:]
    package var removed: [String] = []

    package init(set: JSONObject = [:], removed: [String] = []) {
        self.set = set
        self.removed = removed
    }

    package var deepSize: Int { self.set.deepSize + self.removed.reduce(0) { $0 + $1.utf8.count + 1 } }
}

extension PipelineContext: Hashable {
    /// Contexts that differ mostly differ in how far they got.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.entries.count)
        hasher.combine(self["current_node"])
    }
}

extension PipelineContext {
    /// Keys that only the engine sets; `last_response` is written for it by handlers.
    package static let engineKeys: Set<String> = [
        "outcome", "preferred_label", "current_node", "last_stage", "last_response",
    ]

    /// Families that only the engine writes, whatever a handler asks for.
    package static let enginePrefixes = ["internal.", "node_visits.", "graph."]

    /// The family that says where repositories are, and where they stand.
    package static let workspacePrefix = "workspace."

    /// Whether nodes work in repositories.
    package var hasWorkspaces: Bool { self.values.keys.contains { $0.hasPrefix(Self.workspacePrefix) } }

    /// All families with a meaning of their own: nothing is lifted into them out of a response.
    package static let reservedPrefixes =
        Self.enginePrefixes + ["parallel.", "stack.", "human.gate.", "tool.", "tools.", "work.", Self.workspacePrefix]

    /// Whether a handler may write `key`.
    package static func isWritable(_ key: String) -> Bool {
        key == "last_response" || !(self.engineKeys.contains(key) || self.enginePrefixes.contains(where: key.hasPrefix))
    }

    /// Whether `key` belongs to the engine or to a family of its own.
    package static func isReserved(_ key: String) -> Bool {
        self.engineKeys.contains(key) || self.reservedPrefixes.contains(where: key.hasPrefix)
    }
}

extension JSONObject {
    /// About how many bytes it takes on disk.
    package var deepSize: Int { self.reduce(2) { $0 + $1.key.utf8.count + 2 + $1.value.deepSize } }
}

extension JSONValue {
    /// About how many bytes it takes on disk.
    package var deepSize: Int {
        switch self {
        case .null, .bool: 1
        case .integer, .double: 9
        case .string(let text): text.utf8.count + 3
        case .array(let elements): elements.reduce(3) { $0 + $1.deepSize }
        case .object(let object): object.deepSize
        }
    }
}
