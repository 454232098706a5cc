import Vocabulary
package import Yams

/// YAML as people write it by hand: one document, no anchors, so no aliases, no key twice.
package enum StrictYAML {
    /// The document in `text`; `nil` when there is none, as in a file of comments.
    package static func root(of text: String) throws(YAMLProblem) -> Node? {
        // Anchors live as long as the parser does.
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: text)
            root = try parser.singleRoot()
        } catch {
            throw YAMLProblem(error)
        }
        guard let root else { return nil }
        if let line = withExtendedLifetime(parser, { Self.lineOfAnchor(root) }) {
            throw YAMLProblem(line: line, message: "anchors and aliases have no place here")
        }
        return root
    }

    /// The first anchor in document order: what repeats comes after it, so this ends however often it repeats.
    private static func lineOfAnchor(_ node: Node) -> Int? {
        if node.anchor != nil { return node.mark?.line ?? 1 }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                if let line = Self.lineOfAnchor(key) ?? Self.lineOfAnchor(value) { return line }
            }
            return nil
        case .sequence(let sequence):
            return sequence.lazy.compactMap(Self.lineOfAnchor).first
        case .scalar, .alias: return nil
        }
    }
}

/// Why a text is not the YAML that is asked for.
package struct YAMLProblem: Error, Hashable, Sendable {
    /// From 1; `nil` when it is about no line in particular.
    package let line: Int?
    /// Lower case, no full stop.
    package let message: String

    package init(line: Int?, message: String) {
        self.line = line
        self.message = message
    }

    init(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, message: problem.shownToPeople())
        case .duplicatedKeysInMapping(let names, let context):
            self.init(
                line: context.mark.line, message: "the field \(names.first?.quotedForPeople() ?? "") is there twice")
        default: self.init(line: nil, message: "not YAML")
        }
    }
}
