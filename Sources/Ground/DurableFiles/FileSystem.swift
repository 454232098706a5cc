/// A place for what must survive; a parameter everywhere, so that a test can cut the power at any step.
///
/// What is durable, and what may be gone, changed or half there after a crash:
///
///     the bytes and the length of a file     durable after `OpenFile.sync` returned
///     a name in a directory, new or removed  durable after `syncDirectory` of that directory returned
///
/// An operation that throws may or may not have happened: treat a throw as "unknown", never as "not done".
package protocol FileSystem: Sendable {
    /// The user on whose behalf files are opened (the effective one).
    var user: UInt32 { get }

    /// Opens the file at `path` in the way `options` say. Never blocks on a pipe.
    func open(_ path: String, _ options: OpenOptions) throws(FileError) -> any OpenFile

    /// Describes what is at `path` itself: a symbolic link is not followed.
    func status(of path: String) throws(FileError) -> FileStatus

    /// The names in `directory`, sorted, without `.` and `..`.
    func names(in directory: String) throws(FileError) -> [String]

    /// Gives the file at `path` the second name `other`; refuses (`exists`) a name that is taken.
    func link(_ path: String, as other: String) throws(FileError)

    /// Gives the file at `path` the name `other` instead; what had that name loses it in the same instant.
    func rename(_ path: String, to other: String) throws(FileError)

    /// Removes the name `path` of a file; the file goes with its last name.
    func unlink(_ path: String) throws(FileError)

    /// Makes one directory. Its parent must be there.
    func makeDirectory(_ path: String, permissions: Permissions) throws(FileError)

    /// Removes an empty directory.
    func removeDirectory(_ path: String) throws(FileError)

    /// Makes the names in the directory at `path` durable, new ones and removed ones.
    func syncDirectory(_ path: String) throws(FileError)
}

/// A file between `open` and `close`.
///
/// After a `sync` that failed nobody can say what is on the disk, and the kernel will not tell again:
/// from then on everything but `close` throws `poisoned`. Close it, open it again and recover.
package protocol OpenFile: AnyObject, Sendable {
    var path: String { get }

    /// Describes this very file, whatever its path names by now.
    func status() throws(FileError) -> FileStatus

    /// Reads at most `count` bytes from `offset` on; fewer is no sign of anything, none means the end.
    func read(upTo count: Int, at offset: Int64) throws(FileError) -> [UInt8]

    /// Writes a first part of `bytes` over what is at `offset` and says how many bytes that were, at least one.
    ///
    /// Not for a file opened with `appends`: the system would write at the end all the same.
    func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(FileError) -> Int

    /// Writes a first part of `bytes` after the last byte and says how many bytes that were, at least one.
    ///
    /// Only for a file opened with `appends`.
    func append(_ bytes: ArraySlice<UInt8>) throws(FileError) -> Int

    /// Cuts the file, or fills it up with zeros, to `length` bytes.
    func truncate(to length: Int64) throws(FileError)

    /// Makes every byte written so far, and the length, durable.
    func sync() throws(FileError)

    /// Takes the exclusive lock of the file (flock) and says whether it was free. Never waits.
    ///
    /// The lock goes with `unlock`, `close`, or the end of the process, however it ends.
    func tryLock() throws(FileError) -> Bool
    func unlock() throws(FileError)

    /// Ends the use of the file. Makes nothing durable.
    func close() throws(FileError)
}

/// How a file is opened. Symbolic links are refused (`isSymlink`) unless `followsLinks` is set.
package struct OpenOptions: Hashable, Sendable {
    package enum Access: Sendable { case read, readWrite }
    package enum Creation: Sendable {
        case never
        case ifMissing
        /// Refuses (`exists`) whatever is there already, a dangling link too.
        case exclusive
    }

    package var access: Access
    package var creation: Creation
    package var appends: Bool
    package var followsLinks: Bool
    /// Those of a file that is created here, less what the process's umask forbids.
    package var permissions: Permissions

    package init(
        _ access: Access, creation: Creation = .never, appends: Bool = false, followsLinks: Bool = false,
        permissions: Permissions = .privateFile
    ) {
        self.access = access
        self.creation = creation
        self.appends = appends
        self.followsLinks = followsLinks
        self.permissions = permissions
    }

    package static var read: Self { Self(.read) }
}

/// Who may do what: the nine lowest bits of a POSIX mode.
package struct Permissions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// `rw-------`
    package static let privateFile = Self(rawValue: 0o600)
    /// `rwx------`
    package static let privateDirectory = Self(rawValue: 0o700)
    /// Everything that the group and all others may do.
    package static let groupAndOthers = Self(rawValue: 0o077)
    /// That the group and all others may write.
    package static let writableByOthers = Self(rawValue: 0o022)
}
