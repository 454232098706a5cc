package import Vocabulary

/// The prompt layers of a pipeline, text for text: what a session keeps, so that it says the same for as long as it
/// lives, whatever becomes of the files.
package struct PromptBook: Sendable, Hashable {
    package var entries: [NodeID: Entry]

    package init(_ entries: [NodeID: Entry] = [:]) {
        self.entries = entries
    }

    package var isEmpty: Bool { self.entries.isEmpty }

    /// What one node gets.
    package struct Entry: Sendable, Hashable {
        package var layers: [Layer]
        /// For a node whose attributes and stylesheet name none; empty for none.
        package var model: String
        package var provider: String

        package init(layers: [Layer], model: String = "", provider: String = "") {
            self.layers = layers
            self.model = model
            self.provider = provider
        }
    }

    /// One text, and where it came from.
    package struct Layer: Sendable, Hashable {
        package enum Kind: String, Sendable, CaseIterable {
            case role, persona, personality, task
        }

        package let kind: Kind
        package let path: String
        package let text: String

        package init(_ kind: Kind, path: String, text: String) {
            self.kind = kind
            self.path = path
            self.text = text
        }
    }

    /// The files whose text is another in `other`, each once, sorted.
    package func paths(differingIn other: PromptBook) -> [String] {
        let (mine, theirs) = (Set(self.layers), Set(other.layers))
        return Set(mine.symmetricDifference(theirs).map(\.path)).sorted()
    }

    private var layers: [Layer] { self.entries.values.flatMap(\.layers) }
}

extension PipelineGraph {
    /// The graph whose nodes say what `book` has for them.
    package func prompted(by book: PromptBook) throws(TemplateError) -> Self {
        var layers: [NodeID: PromptLayers] = [:]
        for (node, entry) in book.entries { layers[node] = try entry.promptLayers }
        return self.transformed { node in
            guard let entry = book.entries[node.id] else { return }
            node.layers = layers[node.id]
            if node.llmModel.isEmpty { node.llmModel = entry.model }
            if node.llmProvider.isEmpty { node.llmProvider = entry.provider }
        }
    }
}

extension PromptBook.Entry {
    /// `nil` when the entry says only which model.
    fileprivate var promptLayers: PromptLayers? {
        get throws(TemplateError) {
            guard !self.layers.isEmpty else { return nil }
            let task = self.layers.first { $0.kind == .task }
            return PromptLayers(
                texts: PromptBook.Layer.Kind.allCases.filter { $0 != .task }.flatMap { kind in
                    self.layers.filter { $0.kind == kind }.map(\.text)
                },
                task: try task.map { task throws(TemplateError) in try Template(parsing: task.text) })
        }
    }
}

// MARK: - JSON

extension PromptBook {
    package var json: JSONObject {
        var object = JSONObject()
        for (node, entry) in self.entries.sorted(by: { $0.key < $1.key }) { object[node.text] = .object(entry.json) }
        return object
    }

    /// `nil` for anything that `json` does not write.
    package init?(json: JSONObject) {
        self.init()
        for (node, value) in json {
            guard let entry = value.object.flatMap(Entry.init(json:)) else { return nil }
            self.entries[NodeID(node)] = entry
        }
    }
}

extension PromptBook.Entry {
    fileprivate var json: JSONObject {
        var object: JSONObject = [
            "layers": .array(
                self.layers.map {
                    ["kind": .string($0.kind.rawValue), "path": .string($0.path), "text": .string($0.text)]
                })
        ]
        if !self.model.isEmpty { object["model"] = .string(self.model) }
        if !self.provider.isEmpty { object["provider"] = .string(self.provider) }
        return object
    }

    fileprivate init?(json: JSONObject) {
        var layers: [PromptBook.Layer] = []
        for value in json["layers"]?.array ?? [] {
            guard let kind = value["kind"]?.string.flatMap(PromptBook.Layer.Kind.init(rawValue:)),
                let path = value["path"]?.string, let text = value["text"]?.string
            else { return nil }
            layers.append(PromptBook.Layer(kind, path: path, text: text))
        }
        self.init(
            layers: layers, model: json["model"]?.string ?? "", provider: json["provider"]?.string ?? "")
    }
}
