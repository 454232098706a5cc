import Vocabulary

/// What a person calls a context, fit to be a file name: 1 to 128 of `A-Z a-z 0-9 . _ -`, no leading dot.
package struct ContextName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let lengthMax = 128
    /// Names that the layout of the home directory has taken, in any case.
    private static let reserved: Set<String> = ["contexts", "sessions", "trash", "config.yml"]

    package let text: String

    package init(_ text: String) throws(ContextError) {
        let quoted = text.quotedForPeople()
        guard (1...Self.lengthMax).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw ContextError(
                .badName, "\(quoted) is not a name for a context",
                hint: "use 1 to \(Self.lengthMax) letters, digits, dots, underscores and hyphens")
        }
        guard text.utf8.first != UInt8(ascii: ".") else {
            throw ContextError(.badName, "\(quoted) begins with a dot", hint: "begin with a letter or a digit")
        }
        guard !Self.reserved.contains(text.lowercased()) else {
            throw ContextError(.badName, "the name \(quoted) is reserved", hint: "choose another name")
        }
        self.text = text
    }

    package var description: String { self.text }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// Which context: the same name may be a root and a kept one at once.
package struct ContextID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        /// The permanent parent of all runs of an app, `APP/root.yml`.
        case root
        /// One process that may be resumed, `contexts/NAME.yml`.
        case kept
    }

    package let name: ContextName
    package let kind: Kind

    package init(_ name: ContextName, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    package var description: String { "\(self.kind.rawValue) context \(self.name)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.name.text, left.kind.rawValue) < (right.name.text, right.kind.rawValue)
    }
}
