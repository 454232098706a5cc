/// Files that hold a secret, or on which a decision rests that nobody else may take.
package enum PrivateFile {
    /// Reads the file at `path`, if it is a plain file of this user's that `forbidden` keeps from all others.
    ///
    /// Throws `isSymlink`, `notFile`, `foreign`, `exposed` or `tooLarge`; the hint is the command that mends it.
    /// What is checked is the open file, so nobody can exchange it in between.
    package static func read(
        _ path: String, limit: Int, forbidden: Permissions = .groupAndOthers, on files: any FileSystem
    ) throws(FileError) -> [UInt8] {
        let file = try files.open(path, .read)
        // A file that was only read has nothing to lose on close.
        defer { try? file.close() }
        let status = try file.status()
        guard status.kind == .file else { throw FileError(.notFile, .read, path) }
        try Self.check(status, of: path, for: .read, forbidden: forbidden, user: files.user)
        return try file.readAll(limit: limit)
    }

    /// Refuses the directory at `path` unless it is this user's own, and closed to all others.
    package static func checkDirectory(_ path: String, on files: any FileSystem) throws(FileError) {
        let status = try files.status(of: path)
        if status.kind == .symlink { throw FileError(.isSymlink, .list, path) }
        guard status.kind == .directory else { throw FileError(.notDirectory, .list, path) }
        try Self.check(status, of: path, for: .list, forbidden: .groupAndOthers, user: files.user)
    }

    private static func check(
        _ status: FileStatus, of path: String, for operation: FileError.Operation, forbidden: Permissions, user: UInt32
    ) throws(FileError) {
        guard status.owner == user else { throw FileError(.foreign, operation, path) }
        guard status.permissions.isDisjoint(with: forbidden) else { throw FileError(.exposed, operation, path) }
    }
}
