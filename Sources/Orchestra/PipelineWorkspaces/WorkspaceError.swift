/// Why a repository cannot be worked in. Nothing in it was changed, unless the message says so.
package struct WorkspaceError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    /// What to do about it.
    package let hint: String

    init(_ message: String, hint: String) {
        self.message = message
        self.hint = hint
    }

    package var description: String { "\(self.message) (\(self.hint))" }
}
