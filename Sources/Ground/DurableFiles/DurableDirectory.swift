/// Directories that are still there after a power cut.
package enum DurableDirectory {
    /// Makes the directory `path`, and those above it that are missing, unless it is there.
    ///
    /// Also for one that is there the parent is synced: whoever made it may not have come so far, and what is
    /// put into it would go with it.
    ///
    /// - Parameter isDurable: False for one that may be gone after a power cut.
    package static func make(
        _ path: String, permissions: Permissions = .privateDirectory, isDurable: Bool = true, on files: any FileSystem
    ) throws(FileError) {
        try Self.make(path, permissions, isDurable: isDurable, isParentMissing: true, on: files)
    }

    /// - Parameter isParentMissing: False once it was made: where nothing can be made, as in `/proc`, it stays missing.
    private static func make(
        _ path: String, _ permissions: Permissions, isDurable: Bool, isParentMissing: Bool, on files: any FileSystem
    ) throws(FileError) {
        let parent = AtomicFile.directory(of: path)
        do throws(FileError) {
            try files.makeDirectory(path, permissions: permissions)
        } catch {
            switch error.code {
            case .exists: return try Self.confirm(path, in: parent, isDurable: isDurable, on: files)
            case .notFound where parent != path && isParentMissing:
                try Self.make(parent, permissions: permissions, isDurable: isDurable, on: files)
                return try Self.make(path, permissions, isDurable: isDurable, isParentMissing: false, on: files)
            default: throw error
            }
        }
        if isDurable { try files.syncDirectory(parent) }
    }

    private static func confirm(
        _ path: String, in parent: String, isDurable: Bool, on files: any FileSystem
    ) throws(FileError) {
        let kind = try files.status(of: path).kind
        guard kind == .directory || kind == .symlink else { throw FileError(.notDirectory, .makeDirectory, path) }
        guard isDurable else { return }
        do throws(FileError) {
            try files.syncDirectory(parent)
        } catch {
            // A directory in a parent that we may not even read (/home/ME in a closed /home) was not made by us.
            guard error.code == .permission else { throw error }
        }
    }
}
