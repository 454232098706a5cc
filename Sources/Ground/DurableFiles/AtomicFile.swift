/// Files that are there whole, in the old form or in the new one, whatever happens in between.
///
///     open .tmp-RANDOM   lock it   write   sync   rename to NAME   sync the directory
///                                                 ^ from here the new form is seen
///                                                                  ^ from here it survives
///
/// A crash leaves at worst a temporary file, which nobody reads and `sweep` removes.
package enum AtomicFile {
    private static let temporaryPrefix = ".tmp-"
    private static let attemptsMax = 3

    /// Puts `bytes` at `path` in place of whatever file is there.
    ///
    /// When this returns, the new form survives a power cut. When it throws, either form may be there.
    ///
    /// - Parameter isDurable: False spares the syncs: readers see the old form or the new one, but after a power cut
    ///   the file may be empty or gone.
    package static func replace(
        _ path: String, with bytes: [UInt8], permissions: Permissions = .privateFile, isDurable: Bool = true,
        on files: any FileSystem
    ) throws(FileError) {
        try Self.publish(bytes, beside: path, permissions, isDurable: isDurable, on: files) {
            (temporary) throws(FileError) in
            try files.rename(temporary, to: path)
        }
    }

    /// Puts `bytes` at `path`, where nothing may be yet: of many who try at once, one wins, the others get `exists`.
    ///
    /// When this returns, the file survives a power cut. Needs a file system with hard links.
    package static func create(
        _ path: String, with bytes: [UInt8], permissions: Permissions = .privateFile, on files: any FileSystem
    ) throws(FileError) {
        try Self.publish(bytes, beside: path, permissions, on: files) { (temporary) throws(FileError) in
            try files.link(temporary, as: path)
            try? files.unlink(temporary)  // else a later sweep does it
        }
    }

    /// Removes the temporary files in `directory` that no living writer holds, and says how many.
    @discardableResult
    package static func sweep(_ directory: String, on files: any FileSystem) throws(FileError) -> Int {
        var count = 0
        for name in try files.names(in: directory) where name.hasPrefix(Self.temporaryPrefix) {
            // One that cannot be opened or removed is somebody else's, or gone already.
            let path = "\(directory)/\(name)"
            guard let file = try? files.open(path, .read) else { continue }
            defer { try? file.close() }
            if try file.tryLock(), (try? files.unlink(path)) != nil { count += 1 }
        }
        return count
    }

    /// Writes a temporary file and makes it the real one by `step`.
    private static func publish(
        _ bytes: [UInt8], beside path: String, _ permissions: Permissions, isDurable: Bool = true,
        on files: any FileSystem, by step: (String) throws(FileError) -> Void
    ) throws(FileError) {
        let directory = Self.directory(of: path)
        for attempt in 1... {
            let temporary = "\(directory)/\(Self.temporaryPrefix)\(Self.randomName())"
            let file = try files.open(
                temporary, OpenOptions(.readWrite, creation: .exclusive, permissions: permissions))
            // Whatever this file has to lose is made durable by the sync below.
            defer { try? file.close() }
            do throws(FileError) {
                // The lock tells a sweep in another process that somebody is still at work here.
                _ = try file.tryLock()
                try file.writeAll(bytes, at: 0)
                if isDurable { try file.sync() }
                try step(temporary)
            } catch {
                try? files.unlink(temporary)
                // A sweep in the instant between open and lock takes the file away: begin again.
                if error.code == .notFound && attempt < Self.attemptsMax { continue }
                throw error
            }
            if isDurable { try files.syncDirectory(directory) }
            return
        }
    }

    /// Where `path` has its name: the part before the last slash.
    package static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func randomName() -> String {
        var dice = SystemRandomNumberGenerator()
        return String(dice.next() | 1 << 63, radix: 16)
    }
}
