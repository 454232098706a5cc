import Vocabulary

/// What an edge asks for before it is followed (spec/orchestra.md 2.4): clauses that must all hold.
///
/// ```
/// cond    = clause ("&&" clause)*
/// clause  = key ( ("=" | "!=") literal )?
/// key     = IDENT ("." IDENT)*
/// literal = STRING | number | BARE
/// ```
package struct Condition: Sendable, Hashable {
    /// None for an empty condition, which is true.
    package let clauses: [Clause]

    package struct Clause: Sendable, Hashable {
        package let key: String
        package let test: Test
        /// Counted from 0, in Unicode scalars.
        package let offset: Int
    }

    package enum Test: Sendable, Hashable {
        /// The text is neither empty nor `false` nor `0`.
        case isTruthy
        case equals(String)
        case differs(String)
    }
}

/// Why a text is not a condition, and where.
package struct ConditionError: Error, Sendable, Hashable {
    package let text: String
    /// Counted from 1, in Unicode scalars.
    package let column: Int
    /// What stands there; empty at the end.
    package let found: String
    package let expected: String

    package var message: String {
        let what = self.found.isEmpty ? "the end" : self.found.quotedForPeople()
        return "\(what) where \(self.expected) was expected, at column \(self.column)"
    }
}

extension ConditionError: CustomStringConvertible {
    package var description: String { self.message }
}

extension Condition: CustomStringConvertible {
    /// The condition in one form of writing: what `parsing` reads as an equal one.
    package var description: String {
        self.clauses.map(\.description).joined(separator: " && ")
    }
}

extension Condition.Clause: CustomStringConvertible {
    package var description: String {
        switch self.test {
        case .isTruthy: self.key
        case .equals(let text): "\(self.key)=\(Self.literal(text))"
        case .differs(let text): "\(self.key)!=\(Self.literal(text))"
        }
    }

    private static func literal(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let isBare =
            scalars.first.map { $0.isWordStart } == true && scalars.allSatisfy { $0.isWordPart || ".:-".contains($0) }
        guard !isBare else { return text }
        let escapes: [Unicode.Scalar: String] = ["\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"]
        return "\"" + scalars.map { escapes[$0] ?? String($0) }.joined() + "\""
    }

    /// Where it stands does not make it another clause.
    package static func == (left: Self, right: Self) -> Bool {
        left.key == right.key && left.test == right.test
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.key)
        hasher.combine(self.test)
    }
}

extension Unicode.Scalar {
    /// A letter of ASCII, or an underscore.
    var isWordStart: Bool {
        self == "_" || ("a"..."z").contains(self) || ("A"..."Z").contains(self)
    }

    var isDigit: Bool { ("0"..."9").contains(self) }

    var isWordPart: Bool { self.isWordStart || self.isDigit }
}

extension StringProtocol {
    fileprivate func contains(_ scalar: Unicode.Scalar) -> Bool { self.unicodeScalars.contains(scalar) }
}
