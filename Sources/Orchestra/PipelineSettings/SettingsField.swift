import Foundation
import StrictYAML
import Vocabulary
import Yams

/// A value in a configuration file, with its name as people write it down: `llm.providers.openai.url`.
struct SettingsField {
    let path: String
    let name: String
    private let node: Node
    let line: Int

    /// The top level of a file; `nil` when nothing is in it.
    init?(_ bytes: [UInt8], path: String) throws(SettingsError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError(path, "not UTF-8 text", hint: "save it as UTF-8")
        }
        do throws(YAMLProblem) {
            guard let root = try StrictYAML.root(of: text), root.null == nil else { return nil }
            self.init(path: path, name: "", node: root, line: 1)
        } catch {
            throw SettingsError(path, line: error.line, error.message, hint: "the file is a list of \"name: value\"")
        }
    }

    private init(path: String, name: String, node: Node, line: Int) {
        self.path = path
        self.name = name
        self.node = node
        self.line = line
    }

    /// Of this place.
    func error(_ message: String, hint: String? = nil) -> SettingsError {
        SettingsError(self.path, line: self.line, message, hint: hint)
    }

    /// One text, not empty.
    var text: String {
        get throws(SettingsError) {
            guard let text = self.node.scalar?.string, self.node.null == nil, !text.trimmingSpaces.isEmpty else {
                throw self.error("\(self.name) should be one text")
            }
            return text
        }
    }

    /// A text that `read` understands.
    func value<Value>(_ expected: String, _ read: (String) -> Value?) throws(SettingsError) -> Value {
        guard let text = self.node.scalar?.string, let value = read(text) else {
            throw self.error("\(self.name) should be \(expected)")
        }
        return value
    }

    var texts: [String] {
        get throws(SettingsError) {
            guard let nodes = self.node.sequence else { throw self.error("\(self.name) should be a list") }
            var texts: [String] = []
            for node in nodes {
                texts.append(
                    try Self(path: self.path, name: self.name, node: node, line: node.mark?.line ?? self.line).text)
            }
            return texts
        }
    }

    /// What is in it, by name, in the order of the file.
    var fields: [(key: String, field: Self)] {
        get throws(SettingsError) {
            if self.node.null != nil { return [] }
            guard case .mapping(let mapping) = self.node else {
                throw self.error("\(self.name.isEmpty ? "the file" : self.name) should be a list of \"name: value\"")
            }
            var fields: [(key: String, field: Self)] = []
            for (key, value) in mapping {
                let line = key.mark?.line ?? self.line
                guard let word = key.scalar?.string, !fields.contains(where: { $0.key == word }) else {
                    throw SettingsError(self.path, line: line, "a name that is no text, or is there twice")
                }
                let name = self.name.isEmpty ? word : "\(self.name).\(word)"
                fields.append((word, Self(path: self.path, name: name, node: value, line: line)))
            }
            return fields
        }
    }

    /// The same, where only some names mean anything: any other is an error, for a misspelt setting would be missed.
    func fields(named known: [String]) throws(SettingsError) -> [String: Self] {
        var found: [String: Self] = [:]
        for (key, field) in try self.fields {
            guard known.contains(key) else {
                throw field.error(
                    "\(field.name.quotedForPeople()) is no setting",
                    hint: "known here: \(known.joined(separator: ", "))")
            }
            found[key] = field
        }
        return found
    }
}

extension String {
    var trimmingSpaces: String { self.trimmingCharacters(in: .whitespacesAndNewlines) }
}
