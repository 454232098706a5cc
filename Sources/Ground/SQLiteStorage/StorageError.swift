import GRDB

/// Why a database file did not do what it was asked.
@usableFromInline
package struct StorageError: Error, Sendable {
    /// What kind of failure; may grow.
    package struct Code: Hashable, Sendable {
        private enum Kind: Hashable, Sendable {
            case full, inputOutput, corrupt, notADatabase, busy, readOnly, cannotOpen, newer, locked, conflict, gone,
                other
        }
        private let kind: Kind

        /// No space is left.
        package static let full = Self(kind: .full)
        /// The disk failed.
        package static let inputOutput = Self(kind: .inputOutput)
        /// The file contradicts itself.
        package static let corrupt = Self(kind: .corrupt)
        /// The file is something else.
        package static let notADatabase = Self(kind: .notADatabase)
        /// Another process held it for longer than one waits.
        package static let busy = Self(kind: .busy)
        package static let readOnly = Self(kind: .readOnly)
        package static let cannotOpen = Self(kind: .cannotOpen)
        /// Its schema is one that this program does not know yet.
        package static let newer = Self(kind: .newer)
        /// Another process has it open.
        package static let locked = Self(kind: .locked)
        /// A row is there already, or one that it refers to is not.
        package static let conflict = Self(kind: .conflict)
        /// It was there when it was opened.
        package static let gone = Self(kind: .gone)
        /// Anything else, closed connections and cancelled reads among it.
        package static let other = Self(kind: .other)
    }

    package let code: Code
    /// What happened to which file, for people.
    package let message: String
    /// What to do about it.
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension StorageError: CustomStringConvertible {
    @usableFromInline
    package var description: String { self.hint.map { "\(self.message) (\($0))" } ?? self.message }
}

extension StorageError {
    /// Says of `path` what SQLite said.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as StorageError: self = error
        case let error as DatabaseError:
            self.init(result: error.extendedResultCode.rawValue, text: error.message ?? "no more is known", path: path)
        default: self.init(.other, "\(path): \(error)")
        }
    }

    /// Says of `path` what an SQLite result code means.
    init(result: Int32, text: String, path: String) {
        switch ResultCode(rawValue: result & 0xFF) {
        case .SQLITE_FULL:
            self.init(.full, "no space is left for \(path)", hint: "free some space; it then goes on by itself")
        case .SQLITE_IOERR, .SQLITE_NOLFS:
            self.init(
                .inputOutput, "reading or writing \(path) failed: \(text) (\(result))", hint: "see the kernel's log")
        case .SQLITE_CORRUPT:
            self.init(.corrupt, "\(path) is damaged: \(text)", hint: "go back to a backup")
        case .SQLITE_NOTADB:
            self.init(
                .notADatabase, "\(path) is not a database", hint: "is it the right file? else go back to a backup")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .busy, "\(path) is in use by another process: \(text)",
                hint: "is one stopped (Ctrl-Z) in the middle of a commit? let it go on, or end it")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(.readOnly, "\(path) cannot be written: \(text)", hint: "see who owns the file and its folder")
        case .SQLITE_CANTOPEN:
            self.init(.cannotOpen, "\(path) cannot be opened: \(text)", hint: "does its folder exist, for this user?")
        case .SQLITE_CONSTRAINT:
            self.init(.conflict, "a row does not fit into \(path): \(text)")
        default:
            self.init(.other, "\(path): \(text) (\(result))")
        }
    }
}
