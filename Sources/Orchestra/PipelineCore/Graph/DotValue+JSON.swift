import DotLanguage
import Vocabulary

extension DotValue {
    /// The value as the context holds it: whole numbers as integers, durations as their text.
    var json: JSONValue {
        switch self {
        case .string(let text), .bare(let text), .duration(_, let text): .string(text)
        case .integer(let value): .integer(value)
        case .float(let value, _): .double(value)
        case .boolean(let value): .bool(value)
        }
    }
}
