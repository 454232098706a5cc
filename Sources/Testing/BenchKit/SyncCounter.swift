import GRDBSQLite
import Glibc
import Synchronization

/// Counts the syncs of this process.
///
/// SQLite syncs through its table of file methods, where ours is put between; code of the house calls `fsync` and
/// `fdatasync`, and the linker finds ours first.
package enum SyncCounter {
    package static var count: Int { syncCount.load(ordering: .relaxed) }

    /// To be called before the first database is opened.
    package static func install() {
        guard let system = sqlite3_vfs_find(nil) else { preconditionFailure("SQLite has no file system") }
        let ours = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        ours.initialize(to: system.pointee)
        ours.pointee.xOpen = { _, path, file, flags, found in
            guard let system = sqlite3_vfs_find(systemName), let file else { return SQLITE_CANTOPEN }
            let result = system.pointee.xOpen(system, path, file, flags, found)
            if result == SQLITE_OK, let methods = file.pointee.pMethods { file.pointee.pMethods = counting(methods) }
            return result
        }
        systemName = system.pointee.zName
        ours.pointee.zName = UnsafePointer(strdup("counting"))
        sqlite3_vfs_register(ours, 1)
    }
}

private let syncCount = Atomic(0)
/// Set once, before anything is opened.
nonisolated(unsafe) private var systemName: UnsafePointer<CChar>?
nonisolated(unsafe) private var systemSync: (@convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32) -> Int32)?
/// Our table for each of the system's, by address.
private let tables = Mutex<[Int: Int]>([:])

/// The same methods, but for the sync.
private func counting(_ methods: UnsafePointer<sqlite3_io_methods>) -> UnsafePointer<sqlite3_io_methods>? {
    let address = Int(bitPattern: methods)
    let ours = tables.withLock { tables in
        if let known = tables[address] { return known }
        let made = Int(bitPattern: copy(of: UnsafePointer(bitPattern: address)))
        tables[address] = made
        return made
    }
    return UnsafePointer(bitPattern: ours)
}

private func copy(of methods: UnsafePointer<sqlite3_io_methods>?) -> UnsafePointer<sqlite3_io_methods>? {
    guard let methods else { return nil }
    let copy = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    copy.initialize(to: methods.pointee)
    systemSync = methods.pointee.xSync  // one function for all kinds of files
    copy.pointee.xSync = { file, flags in
        syncCount.add(1, ordering: .relaxed)
        return systemSync?(file, flags) ?? SQLITE_IOERR
    }
    return UnsafePointer(copy)
}

// MARK: - Code of the house

private typealias SyncCall = @convention(c) (Int32) -> Int32

/// The library's own function: the next one of that name after ours.
private func libraryCall(_ name: String) -> SyncCall {
    let next = UnsafeMutableRawPointer(bitPattern: -1)  // RTLD_NEXT
    guard let found = dlsym(next, name) else { preconditionFailure("the system has no \(name)") }
    return unsafeBitCast(found, to: SyncCall.self)
}

private let libraryDataSync = libraryCall("fdatasync")
private let librarySync = libraryCall("fsync")

@_cdecl("fdatasync")
func countedDataSync(_ file: Int32) -> Int32 {
    syncCount.add(1, ordering: .relaxed)
    return libraryDataSync(file)
}

@_cdecl("fsync")
func countedSync(_ file: Int32) -> Int32 {
    syncCount.add(1, ordering: .relaxed)
    return librarySync(file)
}
