import Vocabulary

/// A set of type descriptions that was published together. Its JSON is stored byte for byte.
package struct TypeBundle: Hashable, Sendable {
    package let id: String
    /// Above 0.
    package let registryVersion: UInt32
    package let types: [String: [UInt32: TypeDescription]]
    /// By enum id, the label of each number.
    package let enums: [String: [UInt64: String]]

    /// Reads a bundle. What a newer writer added is not looked at.
    package init(parsing json: [UInt8]) throws(BundleError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: json)
        } catch {
            throw BundleError(error.message)
        }
        guard let id = value["bundle_id"]?.string else { throw BundleError("bundle_id is missing") }
        guard let version = value["registry_version"]?.integer.flatMap(UInt32.init(exactly:)), version > 0 else {
            throw BundleError("registry_version must be a whole number above 0")
        }
        guard let types = value["types"]?.object else { throw BundleError("types is missing") }
        self.id = id
        self.registryVersion = version
        self.types = try Self.types(types)
        self.enums = try Self.enums(value["enums"]?.object ?? [:])
    }

    private static func types(_ object: JSONObject) throws(BundleError) -> [String: [UInt32: TypeDescription]] {
        var types: [String: [UInt32: TypeDescription]] = [:]
        for (id, type) in object {
            guard let versions = type["versions"]?.object else { throw BundleError("type \(id) has no versions") }
            for (text, version) in versions {
                guard let number = Self.decimal(text).flatMap(UInt32.init(exactly:)) else {
                    throw BundleError("version \(text.quotedForPeople()) of type \(id) is no decimal number")
                }
                types[id, default: [:]][number] = try TypeDescription(version, of: "\(id) v\(number)")
            }
        }
        return types
    }

    private static func enums(_ object: JSONObject) throws(BundleError) -> [String: [UInt64: String]] {
        var enums: [String: [UInt64: String]] = [:]
        for (id, labels) in object {
            guard let labels = labels.object else { throw BundleError("enum \(id) is no object") }
            var known: [UInt64: String] = [:]
            for (text, label) in labels {
                guard let number = Self.decimal(text), let label = label.string else {
                    throw BundleError("enum \(id): \(text.quotedForPeople()) is no number with a label")
                }
                known[number] = label
            }
            enums[id] = known
        }
        return enums
    }

    static func decimal(_ text: String) -> UInt64? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(text) : nil
    }
}

/// Why a bundle was not taken, for people.
package struct BundleError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// One version of a type.
package struct TypeDescription: Hashable, Sendable {
    package var fields: [UInt64: Field]
    package var renderer: Renderer?

    package struct Field: Hashable, Sendable {
        package var name: String
        package var type: String
        package var enumID: String?
        package var reference: String?
        package var isOptional: Bool
        package var items: Items?
    }

    /// What the elements of an array are.
    package enum Items: Hashable, Sendable {
        case type(String)
        case reference(String)
    }

    /// A program that shows values of the type.
    package struct Renderer: Hashable, Sendable {
        package var address: String
        package var component: String?
        package var integrity: String?
    }

    init(_ value: JSONValue, of name: String) throws(BundleError) {
        guard let fields = value["fields"]?.object else { throw BundleError("\(name) has no fields") }
        self.fields = [:]
        for (text, field) in fields {
            guard let tag = TypeBundle.decimal(text) else {
                throw BundleError("tag \(text.quotedForPeople()) of \(name) is no decimal number")
            }
            guard let known = Field(field) else { throw BundleError("field \(tag) of \(name) needs name and type") }
            self.fields[tag] = known
        }
        guard let renderer = value["renderer"], !renderer.isNull else { return }
        guard let address = renderer["esm_url"]?.string else { throw BundleError("renderer of \(name) needs esm_url") }
        self.renderer = Renderer(
            address: address, component: renderer["component"]?.string, integrity: renderer["integrity"]?.string)
    }
}

extension TypeDescription.Field {
    fileprivate init?(_ value: JSONValue) {
        guard let name = value["name"]?.string, let type = value["type"]?.string else { return nil }
        self.init(
            name: name, type: type, enumID: value["enum"]?.string, reference: value["ref"]?.string,
            isOptional: value["optional"]?.bool ?? false, items: value["items"].flatMap(TypeDescription.Items.init))
    }
}

extension TypeDescription.Items {
    fileprivate init?(_ value: JSONValue) {
        if let type = value.string {
            self = .type(type)
        } else if let type = value["type"]?.string {
            self = type == "ref" ? .reference(value["ref"]?.string ?? "") : .type(type)
        } else {
            return nil
        }
    }
}
