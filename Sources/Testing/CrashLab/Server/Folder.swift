import Foundation

/// Directories of a run.
package enum Folder {
    /// Copies a directory; what was at `copy` is gone. Only what SQLite itself would find after a crash is taken along:
    /// the index of the WAL (`-shm`) is made anew from the WAL.
    static func copy(_ path: String, to copy: String) throws {
        let files = FileManager.default
        if files.fileExists(atPath: copy) { try files.removeItem(atPath: copy) }
        try files.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: path) where !name.hasSuffix("-shm") {
            try files.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy)/\(name)")
        }
    }

    /// Makes an empty directory for a run, removed by `remove`.
    package static func make() throws -> String {
        let path = "\(NSTemporaryDirectory())/crashlab-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    package static func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }
}
