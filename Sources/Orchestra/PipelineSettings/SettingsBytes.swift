import DurableFiles

/// Reads the files that people write for this program.
enum SettingsBytes {
    static let sizeMax = 1 << 20

    /// Whose word counts.
    enum Trust {
        /// Somebody named the file.
        case named
        /// It was found on the way: it must belong to this user or to root, and no stranger may write it.
        case found
    }

    /// `nil` when there is no such file. Links are followed, for people keep such files elsewhere.
    static func read(_ path: String, _ trust: Trust, on files: any FileSystem) throws(SettingsError) -> [UInt8]? {
        do throws(FileError) {
            let file = try files.open(path, OpenOptions(.read, followsLinks: true))
            // A file that was only read has nothing to lose on close.
            defer { try? file.close() }
            let status = try file.status()
            guard status.kind == .file else { return nil }
            if trust == .found { try Self.check(status, of: path, user: files.user) }
            return try file.readAll(limit: Self.sizeMax)
        } catch {
            switch error.code {
            case .notFound, .notDirectory: return nil
            case .foreign:
                throw SettingsError(
                    path, "somebody else may write this file, and nobody named it",
                    hint: "name it with --config, or leave it out with --no-config")
            default: throw SettingsError(path, "it cannot be read: \(error.message)", hint: error.hint)
            }
        }
    }

    private static func check(_ status: FileStatus, of path: String, user: UInt32) throws(FileError) {
        guard [user, 0].contains(status.owner), status.permissions.isDisjoint(with: Self.writableByAll) else {
            throw FileError(.foreign, .read, path)
        }
    }

    private static let writableByAll = Permissions(rawValue: 0o002)
}
