import Glibc
import Vocabulary

/// The machine's own file system.
package struct POSIXFileSystem: FileSystem {
    package init() {}

    package var user: UInt32 { geteuid() }

    package func open(_ path: String, _ options: OpenOptions) throws(FileError) -> any OpenFile {
        // O_NONBLOCK: opening a pipe that somebody put there must not wait for its other end.
        var flags = O_CLOEXEC | O_NONBLOCK | (options.access == .read ? O_RDONLY : O_RDWR)
        if !options.followsLinks { flags |= O_NOFOLLOW }
        if options.appends { flags |= O_APPEND }
        switch options.creation {
        case .never: break
        case .ifMissing: flags |= O_CREAT
        case .exclusive: flags |= O_CREAT | O_EXCL
        }
        let descriptor = try POSIXCall.retried(.open, path) {
            Glibc.open(path, flags, mode_t(options.permissions.rawValue))
        }
        return POSIXFile(descriptor: Int32(descriptor), path: path, appends: options.appends)
    }

    package func status(of path: String) throws(FileError) -> FileStatus {
        var facts = stat()
        try POSIXCall.retried(.status, path) { lstat(path, &facts) }
        return FileStatus(facts)
    }

    package func names(in directory: String) throws(FileError) -> [String] {
        guard let stream = opendir(directory) else { throw POSIXCall.failure(.list, directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            Glibc.errno = 0
            guard let entry = readdir(stream) else {
                if Glibc.errno != 0 { throw POSIXCall.failure(.list, directory) }
                return names.sorted()
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    package func link(_ path: String, as other: String) throws(FileError) {
        // The name that is in the way is the one to tell about.
        try POSIXCall.retried(.link, other) { Glibc.link(path, other) }
    }

    package func rename(_ path: String, to other: String) throws(FileError) {
        try POSIXCall.retried(.rename, path) { Glibc.rename(path, other) }
    }

    package func unlink(_ path: String) throws(FileError) {
        try POSIXCall.retried(.remove, path) { Glibc.unlink(path) }
    }

    package func makeDirectory(_ path: String, permissions: Permissions) throws(FileError) {
        try POSIXCall.retried(.makeDirectory, path) { mkdir(path, mode_t(permissions.rawValue)) }
    }

    package func removeDirectory(_ path: String) throws(FileError) {
        try POSIXCall.retried(.removeDirectory, path) { rmdir(path) }
    }

    package func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = try POSIXCall.retried(.syncDirectory, path) {
            Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        defer { Glibc.close(Int32(descriptor)) }
        try POSIXCall.retried(.syncDirectory, path) { fsync(Int32(descriptor)) }
    }
}

/// The one way to a system call: again when a signal came in between, and its errno made an error.
enum POSIXCall {
    @discardableResult
    static func retried<Answer: SignedInteger>(
        _ operation: FileError.Operation, _ path: String, _ call: () -> Answer
    ) throws(FileError) -> Int {
        while true {
            let answer = call()
            if answer >= 0 { return Int(answer) }
            if Glibc.errno != EINTR { throw Self.failure(operation, path) }
        }
    }

    /// The error that errno tells of.
    static func failure(_ operation: FileError.Operation, _ path: String) -> FileError {
        let number = Glibc.errno
        let code: FileError.Code =
            switch number {
            case ENOENT: .notFound
            case EEXIST: .exists
            case EACCES, EPERM, EROFS: .permission
            case ENOSPC, EDQUOT: .full
            case EIO: .io
            case ELOOP: .isSymlink
            case EISDIR, ENXIO: .notFile
            case ENOTDIR: .notDirectory
            case ENOTEMPTY: .notEmpty
            case EFBIG: .tooLarge
            default: .other
            }
        return FileError(code, operation, path, errno: number, detail: strerror(number).map { String(cString: $0) })
    }
}

extension FileStatus {
    init(_ facts: stat) {
        let kind: Kind =
            switch facts.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            default: .other
            }
        let modified = Int64(facts.st_mtim.tv_sec) * 1_000 + Int64(facts.st_mtim.tv_nsec) / 1_000_000
        self.init(
            kind: kind, size: Int64(facts.st_size), owner: facts.st_uid,
            permissions: Permissions(rawValue: UInt16(facts.st_mode & 0o777)),
            modified: Timestamp(milliseconds: modified))
    }
}
