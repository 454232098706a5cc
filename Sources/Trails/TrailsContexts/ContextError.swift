package import DurableFiles
import Vocabulary

/// Why a context, the config file or the session's selection cannot be had, and what to do about it.
package struct ContextError: Error, Hashable, Sendable {
    package let code: Code
    package let message: String
    package let hint: String?
    /// The line of the file that is to blame, from 1.
    package let line: Int?
    package let cause: FileError?

    package init(_ code: Code, _ message: String, hint: String? = nil, line: Int? = nil, cause: FileError? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.line = line
        self.cause = cause
    }

    init(_ cause: FileError) {
        let code: Code =
            switch cause.code {
            case .exposed, .foreign, .isSymlink, .notFile: .unsafe
            case .locked: .busy
            default: .file
            }
        self.init(code, cause.message, hint: cause.hint, cause: cause)
    }

    /// The kind of failure. More may come: a `switch` over it needs a `default`.
    package struct Code: Hashable, Sendable {
        private enum Kind {
            case badName, exists, notFound, ambiguous, broken, unsafe, busy, file
            case needsPassphrase, badPassphrase, wrongPassphrase, tooLarge, noSession, isEncrypted, keyMismatch
        }

        private let kind: Kind

        package static let badName = Self(kind: .badName)
        package static let exists = Self(kind: .exists)
        package static let notFound = Self(kind: .notFound)
        /// A root and a kept context have the name.
        package static let ambiguous = Self(kind: .ambiguous)
        /// The file does not say what it should; see `line`.
        package static let broken = Self(kind: .broken)
        /// Others may have read or changed the file.
        package static let unsafe = Self(kind: .unsafe)
        /// Another process holds the lock.
        package static let busy = Self(kind: .busy)
        /// The file system refused; see `cause`.
        package static let file = Self(kind: .file)
        package static let needsPassphrase = Self(kind: .needsPassphrase)
        /// No passphrase to encrypt with.
        package static let badPassphrase = Self(kind: .badPassphrase)
        package static let wrongPassphrase = Self(kind: .wrongPassphrase)
        package static let tooLarge = Self(kind: .tooLarge)
        /// Nothing tells this shell session from others.
        package static let noSession = Self(kind: .noSession)
        package static let isEncrypted = Self(kind: .isEncrypted)
        /// The private key given does not belong to the public key.
        package static let keyMismatch = Self(kind: .keyMismatch)
    }
}

extension ContextError: CustomStringConvertible {
    package var description: String { self.message }

    static func broken(_ path: String, line: Int?, _ problem: String) -> Self {
        let place = line.map { "\(path), line \($0)" } ?? path
        return Self(.broken, "\(place): \(problem)", hint: "mend the file; nothing was changed in it", line: line)
    }
}

/// Runs `body` and says its file errors in the words of contexts.
func contextual<Answer>(_ body: () throws(FileError) -> Answer) throws(ContextError) -> Answer {
    do throws(FileError) { return try body() } catch { throw ContextError(error) }
}
