package import Vocabulary

/// Values that a model wrote into its answer for later stages, one a line: `verdict: approve` (spec/orchestra.md 2.11).
package enum ResponseKeys {
    /// Lines looked at, and values taken, at most.
    package static let linesMax = 10_000
    package static let valuesMax = 100

    /// The `key: word` lines of `text`. Keys are in lower-case snake case; stars and underscores around a word are
    /// dropped. Without `declared` keys, those of the engine and its families are left out.
    package static func lift(from text: String, declared: [String]?) -> JSONObject {
        var lifted = JSONObject()
        for line in text.split(separator: "\n").prefix(Self.linesMax) {
            guard let (key, word) = Self.pair(in: line), lifted.count < Self.valuesMax || lifted[key] != nil else {
                continue
            }
            if declared?.contains(key) ?? !PipelineContext.isReserved(key) { lifted[key] = .string(word) }
        }
        return lifted
    }

    private static func pair(in line: Substring) -> (key: String, word: String)? {
        let plain = line.trimmed
        guard let colon = plain.firstIndex(of: ":") else { return nil }
        let key = plain[..<colon].withoutEmphasis
        let word = plain[plain.index(after: colon)...].withoutEmphasis
        guard let first = key.unicodeScalars.first, ("a"..."z").contains(first), !word.isEmpty,
            key.unicodeScalars.allSatisfy({ ("a"..."z").contains($0) || $0.isDigit || $0 == "_" }),
            !word.contains(where: \.isWhitespace)
        else { return nil }
        return (key, word)
    }
}

extension StringProtocol {
    /// Without the marks that Markdown puts around a word, and without space.
    fileprivate var withoutEmphasis: String {
        let isMark = { (character: Character) in character == "*" || character == "_" || character.isWhitespace }
        let front = self.drop(while: isMark)
        guard let last = front.lastIndex(where: { !isMark($0) }) else { return "" }
        return String(front[...last])
    }
}
