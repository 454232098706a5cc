/// All types that are known, out of all bundles that were published.
package struct TypeRegistry: Hashable, Sendable {
    private var types: [String: [UInt32: TypeDescription]] = [:]
    private var enums: [String: [UInt64: String]] = [:]
    /// What a tag of a type is in every version.
    private var meanings: [String: [UInt64: Meaning]] = [:]

    private struct Meaning: Hashable, Sendable {
        let type: String
        let enumID: String?
    }

    package init() {}
}

extension TypeRegistry {
    package func type(_ type: TurnType) -> TypeDescription? { self.types[type.id]?[type.version] }

    package func latest(of id: String) -> (version: UInt32, description: TypeDescription)? {
        self.types[id]?.max { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    package func labels(of id: String) -> [UInt64: String]? { self.enums[id] }

    package var typeIDs: [String] { self.types.keys.sorted() }

    /// Takes a bundle, or throws and is what it was.
    ///
    /// An enum keeps its labels, a version its fields (only a missing renderer may come later), and a tag of a type its
    /// meaning through all versions; every enum that is named must exist.
    package mutating func add(_ bundle: TypeBundle) throws(BundleError) {
        var next = self
        for (id, labels) in bundle.enums.sorted(by: { $0.key < $1.key }) {
            guard next.enums[id] == nil || next.enums[id] == labels else {
                throw BundleError("enum \(id) is known with other labels")
            }
            next.enums[id] = labels
        }
        for (id, versions) in bundle.types.sorted(by: { $0.key < $1.key }) {
            for (number, description) in versions.sorted(by: { $0.key < $1.key }) {
                try next.add(description, as: TurnType(id, version: number))
            }
        }
        self = next
    }

    private mutating func add(_ description: TypeDescription, as type: TurnType) throws(BundleError) {
        for (tag, field) in description.fields.sorted(by: { $0.key < $1.key }) {
            let meaning = Meaning(type: field.type, enumID: field.enumID)
            guard self.meanings[type.id, default: [:]].updateValue(meaning, forKey: tag) ?? meaning == meaning else {
                throw BundleError("tag \(tag) of \(type.id) means something else in another version")
            }
            if let id = field.enumID, self.enums[id] == nil {
                throw BundleError("field \(tag) of \(type) names the enum \(id), which is nowhere")
            }
        }
        guard let known = self.types[type.id]?[type.version] else {
            self.types[type.id, default: [:]][type.version] = description
            return
        }
        guard known.fields == description.fields else { throw BundleError("\(type) is known with other fields") }
        guard known.renderer == nil || description.renderer == nil || known.renderer == description.renderer else {
            throw BundleError("\(type) is known with another renderer")
        }
        self.types[type.id]?[type.version]?.renderer = known.renderer ?? description.renderer
    }
}
