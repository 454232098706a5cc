/// A place in a text.
package struct SourcePosition: Sendable, Equatable, Comparable {
    /// From 1.
    package var line: Int
    /// From 1, in Unicode scalars.
    package var column: Int
    /// From 0, in bytes.
    package var offset: Int

    package init(line: Int, column: Int, offset: Int) {
        self.line = line
        self.column = column
        self.offset = offset
    }

    package static func < (left: Self, right: Self) -> Bool { left.offset < right.offset }
}

/// A stretch of text; the end is behind the last character.
package struct SourceRange: Sendable, Equatable {
    package var start: SourcePosition
    package var end: SourcePosition

    package init(start: SourcePosition, end: SourcePosition) {
        self.start = start
        self.end = end
    }

    /// Of what was built in code: all zero.
    package static let none = SourceRange(
        start: SourcePosition(line: 0, column: 0, offset: 0), end: SourcePosition(line: 0, column: 0, offset: 0))
}
