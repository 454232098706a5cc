import DurableFiles
import Synchronization

/// A file system on which something else happens at the worst moment.
final class Interrupted: FileSystem {
    typealias Interruption = @Sendable (any FileSystem) throws -> Void

    private let base: any FileSystem
    private let beforeRename: Interruption
    private let afterFirstOpen: Mutex<Interruption?>

    init(
        _ base: any FileSystem, before: @escaping Interruption = { _ in }, afterFirstOpen: Interruption? = nil
    ) {
        self.base = base
        self.beforeRename = before
        self.afterFirstOpen = Mutex(afterFirstOpen)
    }

    var user: UInt32 { self.base.user }

    func open(_ path: String, _ options: OpenOptions) throws(FileError) -> any OpenFile {
        let file = try self.base.open(path, options)
        let interruption = self.afterFirstOpen.withLock { next in
            defer { next = nil }
            return next
        }
        try? interruption?(self.base)
        return file
    }

    func status(of path: String) throws(FileError) -> FileStatus { try self.base.status(of: path) }

    func names(in directory: String) throws(FileError) -> [String] { try self.base.names(in: directory) }

    func link(_ path: String, as other: String) throws(FileError) { try self.base.link(path, as: other) }

    func rename(_ path: String, to other: String) throws(FileError) {
        try? self.beforeRename(self.base)
        try self.base.rename(path, to: other)
    }

    func unlink(_ path: String) throws(FileError) { try self.base.unlink(path) }

    func makeDirectory(_ path: String, permissions: Permissions) throws(FileError) {
        try self.base.makeDirectory(path, permissions: permissions)
    }

    func removeDirectory(_ path: String) throws(FileError) { try self.base.removeDirectory(path) }

    func syncDirectory(_ path: String) throws(FileError) { try self.base.syncDirectory(path) }
}
