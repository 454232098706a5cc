/// What the root turn of a chain says about the context: the map under tag 30 of its payload.
///
/// A value of the wrong type is treated as absent. Forks share their root, so they share this.
package struct ContextMetadata: Hashable, Sendable {
    package var clientTag: String?
    package var title: String?
    /// Never empty.
    package var labels: [String]?
    package var custom: [String: String]?
    package var provenance: Provenance?

    package init() {}

    private enum Tag {
        static let metadata: UInt64 = 30
        static let clientTag: UInt64 = 1
        static let title: UInt64 = 2
        static let labels: UInt64 = 3
        static let custom: UInt64 = 4
        static let provenance: UInt64 = 10
    }

    /// Reads the payload of a root turn; `nil` when it is no map, or has nothing under tag 30.
    package init?(ofRoot payload: [UInt8]) {
        guard let fields = try? TaggedFields(decoding: payload), let map = fields[Tag.metadata],
            let metadata = try? TaggedFields(map)
        else { return nil }
        self.clientTag = metadata[Tag.clientTag]?.string
        self.title = metadata[Tag.title]?.string
        let labels = metadata[Tag.labels]?.array?.compactMap(\.string) ?? []
        self.labels = labels.isEmpty ? nil : labels
        self.custom = metadata[Tag.custom]?.texts
        self.provenance = metadata[Tag.provenance].flatMap { try? TaggedFields($0) }.map(Provenance.init)
    }

    /// The value to put under tag 30, with integer keys.
    package var value: MsgpackValue {
        var fields = TaggedFields()
        fields[Tag.clientTag] = self.clientTag.map(MsgpackValue.string)
        fields[Tag.title] = self.title.map(MsgpackValue.string)
        fields[Tag.labels] = self.labels.map { .array($0.map(MsgpackValue.string)) }
        fields[Tag.custom] = self.custom.map(MsgpackValue.texts)
        fields[Tag.provenance] = self.provenance?.value
        return fields.map
    }
}

/// Where a context comes from, as its writer declared it.
package struct Provenance: Hashable, Sendable {
    package var texts: [TextField: String] = [:]
    package var numbers: [NumberField: Int64] = [:]
    package var environment: [String: String]?

    package init() {}

    /// The fields that are texts; the raw value is the tag.
    package enum TextField: UInt64, CaseIterable, Sendable {
        case spawnReason = 2, traceID = 10, spanID = 11, correlationID = 12, onBehalfOf = 20, onBehalfOfSource = 21
        case onBehalfOfEmail = 22, writerMethod = 30, writerSubject = 31, writerIssuer = 32, serviceName = 40
        case serviceVersion = 41, serviceInstanceID = 42, processOwner = 44, hostName = 45, hostArch = 46
        case clientAddress = 50, sdkName = 70, sdkVersion = 71
    }

    /// The fields that are whole numbers; the raw value is the tag.
    package enum NumberField: UInt64, CaseIterable, Sendable {
        case parentContextID = 1, rootContextID = 3, processPID = 43, clientPort = 51, capturedAt = 80
    }

    private static let environmentTag: UInt64 = 60

    init(_ fields: TaggedFields) {
        for field in TextField.allCases { self.texts[field] = fields[field.rawValue]?.string }
        for field in NumberField.allCases { self.numbers[field] = fields[field.rawValue]?.integer }
        self.environment = fields[Self.environmentTag]?.texts
    }

    var value: MsgpackValue {
        var fields = TaggedFields()
        for (field, text) in self.texts { fields[field.rawValue] = .string(text) }
        for (field, number) in self.numbers { fields[field.rawValue] = .integer(number) }
        fields[Self.environmentTag] = self.environment.map(MsgpackValue.texts)
        return fields.map
    }
}

extension TaggedFields {
    fileprivate var map: MsgpackValue { .map(self.values.map { .init(.unsigned($0.key), $0.value) }) }
}

extension MsgpackValue {
    /// The members of a map from text to text; others are left out. `nil` when it is no map.
    fileprivate var texts: [String: String]? {
        self.map.map { members in
            let pairs = members.compactMap { member -> (String, String)? in
                guard let key = member.key.string, let value = member.value.string else { return nil }
                return (key, value)
            }
            return Dictionary(pairs) { _, last in last }
        }
    }

    fileprivate static func texts(_ texts: [String: String]) -> MsgpackValue {
        .map(texts.map { Member(.string($0.key), .string($0.value)) })
    }
}
