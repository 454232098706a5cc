/// What went wrong with which file, and what to do about it.
package struct FileError: Error, Hashable, Sendable {
    package let code: Code
    package let path: String
    package let operation: Operation
    /// The system's own number for it, where it came from the system.
    package let errno: Int32?
    /// What `code` leaves open: the limit that was passed, the process that holds the lock.
    package let detail: String?

    package init(_ code: Code, _ operation: Operation, _ path: String, errno: Int32? = nil, detail: String? = nil) {
        self.code = code
        self.operation = operation
        self.path = path
        self.errno = errno
        self.detail = detail
    }

    /// What was tried; the raw value follows "cannot" in a message.
    package enum Operation: String, Sendable {
        case open, read, write, sync, cut, lock, unlock, close, rename, link, remove, list
        case status = "look at"
        case makeDirectory = "make directory"
        case removeDirectory = "remove directory"
        case syncDirectory = "sync directory"
    }
}

extension FileError {
    /// The kind of failure. More may come: a `switch` over it needs a `default`.
    package struct Code: Hashable, Sendable {
        private enum Kind {
            case notFound, exists, permission, full, io, isSymlink, notFile, notDirectory, notEmpty
            case exposed, foreign, tooLarge, locked, poisoned, other
        }

        private let kind: Kind

        package static let notFound = Self(kind: .notFound)
        package static let exists = Self(kind: .exists)
        package static let permission = Self(kind: .permission)
        /// The file system, or the user's share of it, is full.
        package static let full = Self(kind: .full)
        /// The device failed.
        package static let io = Self(kind: .io)
        package static let isSymlink = Self(kind: .isSymlink)
        package static let notFile = Self(kind: .notFile)
        package static let notDirectory = Self(kind: .notDirectory)
        package static let notEmpty = Self(kind: .notEmpty)
        /// Others may read or change what only its owner should.
        package static let exposed = Self(kind: .exposed)
        /// Owned by another user.
        package static let foreign = Self(kind: .foreign)
        package static let tooLarge = Self(kind: .tooLarge)
        package static let locked = Self(kind: .locked)
        /// An earlier sync of this open file failed.
        package static let poisoned = Self(kind: .poisoned)
        package static let other = Self(kind: .other)
    }
}

extension FileError: CustomStringConvertible {
    package var description: String { self.message }

    package var message: String {
        "cannot \(self.operation.rawValue) \(self.path): \(self.reason)"
    }

    private var reason: String {
        switch self.code {
        case .notFound: "there is no such file or directory"
        case .exists: "it exists already"
        case .permission: "permission denied"
        case .full: "no space left"
        case .io: self.detail ?? "the device failed"
        case .isSymlink: "it is a symbolic link"
        case .notFile: "it is not a plain file"
        case .notDirectory: "it is not a directory"
        case .notEmpty: "it is not empty"
        case .exposed: "other users may read or change it"
        case .foreign: "another user owns it"
        case .tooLarge: self.detail ?? "it is too large"
        case .locked: self.detail ?? "another process holds its lock"
        case .poisoned: "an earlier sync of it failed, what is on the disk is unknown"
        default: self.detail ?? "the system answered with error \(self.errno ?? 0)"
        }
    }

    /// What to do, where there is something to do.
    package var hint: String? {
        let word = Self.shellWord(self.path)
        return switch self.code {
        case .exposed where self.operation == .list: "run \"chmod 700 \(word)\""
        case .exposed: "run \"chmod 600 \(word)\""
        case .foreign: "run \"sudo chown $(id -u) \(word)\", if you trust what it says"
        case .isSymlink where self.operation == .list:
            "name the directory itself: \"readlink -f \(word)\" says where it is"
        case .isSymlink: "run \"cp --remove-destination $(readlink -f \(word)) \(word)\", if you trust what it says"
        case .full: "free some space there and try again"
        case .poisoned: "restart the program: it recovers from what the disk has"
        case .permission: "run \"ls -ld \(word)\" to see who may"
        default: nil
        }
    }

    /// `text` as one word of a shell command.
    private static func shellWord(_ text: String) -> String {
        let harmless = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "/._-+,:@%=".utf8.contains(byte)
            }
        }
        if harmless && !text.isEmpty { return text }
        let quoted = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        return "'\(quoted)'"
    }
}
