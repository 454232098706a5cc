package import Vocabulary

/// Names a log, by the session whose events it holds.
package typealias LogID = Identifier<LogName>
/// What a `LogID` names.
package enum LogName {}

extension Identifier where Of == LogName {
    /// The log of the person at the other end: the sentinel UUID 1.
    package static let user = Self(high: 0, low: 1)

    /// Thirty-two digits without hyphens: the form in files.
    package var hex: String { Hex.encode(self.bytes) }

    /// The name of its directory below `agents`.
    package var folder: String { self == .user ? "user" : self.hex }

    /// Reads the name of a directory below `agents`; `nil` for one that is no log's.
    package init?(folder: String) {
        if folder == "user" {
            self = .user
        } else if folder.utf8.count == 32, let bytes = Hex.decode(folder) {
            self.init(bytes: bytes)
            if self.folder != folder { return nil }
        } else {
            return nil
        }
    }
}
