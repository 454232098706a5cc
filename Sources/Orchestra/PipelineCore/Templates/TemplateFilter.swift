import Vocabulary

/// What can be done to a value on its way into the text.
enum TemplateFilter: String, CaseIterable {
    /// The argument, when there is no value.
    case `default`
    case length
    /// The elements of a list, with the argument between them.
    case join
    case lower
    case upper
    case trim
    case tojson
    /// One word for a shell, whatever is in it.
    case sh

    func apply(to value: TemplateValue, _ arguments: [TemplateValue]) -> TemplateValue {
        switch self {
        case .default:
            if case .undefined = value { return arguments.first ?? .json(.string("")) }
            return value
        case .length: return .json(.integer(Int64(value.count)))
        case .join:
            let separator = arguments.first?.text ?? ""
            return .json(.string(value.elements.map(\.comparedText).joined(separator: separator)))
        case .lower: return .json(.string(value.text.lowercased()))
        case .upper: return .json(.string(value.text.uppercased()))
        case .trim: return .json(.string(value.text.trimmed))
        case .tojson: return .json(.string(value.json.text))
        case .sh: return .json(.string(value.text.quotedForShell))
        }
    }
}

extension String {
    /// One word of a POSIX shell that means exactly this text; a NUL, which no argument can hold, is dropped.
    package var quotedForShell: String {
        let text = self.replacing("\0", with: "")
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
