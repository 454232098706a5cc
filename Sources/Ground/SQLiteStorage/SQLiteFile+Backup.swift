import GRDB

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension SQLiteFile {
    /// Writes a copy of the database, as of one commit, to `destination`, while others write on.
    ///
    /// The copy is there whole and synced, or not at all; a file that was there is replaced.
    package func backup(to destination: String) throws(StorageError) {
        let draft = "\(destination).draft-\(getpid())"
        do {
            try self.copy(to: draft)
            try Self.sync(draft)
            guard rename(draft, destination) == 0 else { throw Self.failure("rename", destination) }
            try Self.sync(Self.folder(of: destination))
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { unlink(draft + suffix) }
            throw StorageError(error, path: destination)
        }
    }

    private func copy(to path: String) throws {
        unlink(path)
        let copy = try DatabaseQueue(path: path)
        try self.pool.backup(to: copy)
        // One file, without a log beside it.
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }

    private static func sync(_ path: String) throws(StorageError) {
        let descriptor = openDescriptor(path, O_RDONLY)
        guard descriptor >= 0 else { throw self.failure("open", path) }
        defer { closeDescriptor(descriptor) }
        guard fsync(descriptor) == 0 else { throw self.failure("sync", path) }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func failure(_ operation: String, _ path: String) -> StorageError {
        let code: StorageError.Code = errno == ENOSPC ? .full : .inputOutput
        return StorageError(code, "\(operation) of \(path) failed: \(String(cString: strerror(errno)))")
    }
}
