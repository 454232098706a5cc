import StrictYAML
import Vocabulary
import Yams

/// The top level of a small YAML file: its fields, each with its value, its line and its text.
///
/// Stricter than YAML, so that every field can be kept or cut out as text: one field begins a line, in column 1;
/// no anchors, so no aliases; line feeds only.
struct YAMLFields {
    struct Field {
        let name: String
        let node: Node
        /// From 1.
        let line: Int
        /// Its lines, with what follows up to the next field.
        let text: String
    }

    static let sizeMax = 1 << 20
    /// Stars in one file. Each alias needs one, so this bounds how large a few bytes can unfold.
    static let starsMax = 16

    let path: String
    /// Comments before the first field.
    let preamble: String
    let fields: [Field]
    /// Whether the last line ends with a line feed; the texts of fields always do.
    let isTerminated: Bool

    init(_ bytes: [UInt8], path: String) throws(ContextError) {
        self.path = path
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .broken(path, line: nil, "not UTF-8 text")
        }
        if let line = Self.lineOfForeignBreak(text) {
            throw .broken(path, line: line, "a line that does not end with a plain line feed")
        }
        guard text.utf8.count(where: { $0 == UInt8(ascii: "*") }) <= Self.starsMax else {
            throw .broken(path, line: nil, "more than \(Self.starsMax) stars, as if it had aliases")
        }
        let pairs = try Self.pairs(text, path)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let starts = pairs.map(\.line) + [lines.count + 1]
        func slice(_ range: Range<Int>) -> String { range.map { lines[$0 - 1] + "\n" }.joined() }
        self.isTerminated = lines.last == ""
        self.preamble = slice(1..<starts[0])
        self.fields = pairs.enumerated().map { index, pair in
            // The empty rest after the last line feed is no line.
            let end = starts[index + 1] - (index == pairs.count - 1 && lines.last == "" ? 1 : 0)
            return Field(name: pair.name, node: pair.node, line: pair.line, text: slice(pair.line..<end))
        }
    }

    /// The field `name`, if it is there.
    subscript(name: String) -> Field? { self.fields.first { $0.name == name } }

    private static func lineOfForeignBreak(_ text: String) -> Int? {
        var line = 1
        for scalar in text.unicodeScalars {
            if scalar == "\n" { line += 1 }
            if "\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains(scalar) { return line }
        }
        return nil
    }

    private static func pairs(
        _ text: String, _ path: String
    ) throws(ContextError) -> [(name: String, node: Node, line: Int)] {
        let root: Node?
        do throws(YAMLProblem) {
            root = try StrictYAML.root(of: text)
        } catch {
            throw .broken(path, line: error.line, error.message)
        }
        guard let root, case .mapping(let mapping) = root, mapping.style != .flow else {
            throw .broken(path, line: root?.mark?.line ?? 1, "not a list of fields, one a line")
        }
        var pairs: [(name: String, node: Node, line: Int)] = []
        var names: Set<String> = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string, let mark = key.mark, mark.column == 1 else {
                throw .broken(path, line: key.mark?.line, "a field that does not begin its line")
            }
            // Yams refuses equal keys; equal texts with different tags are as bad.
            guard names.insert(name).inserted else {
                throw .broken(path, line: mark.line, "the field \(name.quotedForPeople()) is there twice")
            }
            pairs.append((name, value, mark.line))
        }
        // Yams keeps the order of the file; the cutting into texts relies on it.
        return pairs.sorted { $0.line < $1.line }
    }
}

extension YAMLFields {
    /// `text` as a double-quoted scalar.
    static func quoted(_ text: String) -> String {
        // A JSON string is a YAML scalar, but for what YAML takes as line breaks or not at all. Stars are counted.
        var quoted = ""
        for scalar in JSONValue.string(text).text.unicodeScalars {
            switch scalar {
            case "*", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted
    }
}
