import Glibc

/// The exclusive right to something, held as the lock (flock) of a file that is made for it and stays.
///
/// The right ends with `release`, with the last reference, or with the process, however it ends. The file says
/// who holds it, for people; only the lock itself counts.
package final class FileLock: Sendable {
    private let file: any OpenFile

    private init(file: any OpenFile) {
        self.file = file
    }

    deinit {
        try? self.file.close()  // ends the lock even when it answers with an error
    }

    /// Gives the right back.
    package func release() {
        try? self.file.close()  // ends the lock even when it answers with an error
    }

    /// Takes the lock of the file at `path`; `nil` when somebody holds it.
    package static func attempt(_ path: String, on files: any FileSystem) throws(FileError) -> FileLock? {
        let file = try files.open(path, OpenOptions(.readWrite, creation: .ifMissing))
        guard try file.tryLock() else {
            try? file.close()
            return nil
        }
        try file.truncate(to: 0)
        try file.writeAll("\(getpid())\n".utf8, at: 0)
        return FileLock(file: file)
    }

    /// Takes the lock of the file at `path`; waits for it up to `limit`, then throws `locked` and names the holder.
    ///
    /// Blocks its thread.
    package static func acquire(
        _ path: String, within limit: Duration, on files: any FileSystem
    ) throws(FileError) -> FileLock {
        let end = ContinuousClock.now + limit
        var pause: useconds_t = 500
        while true {
            if let lock = try Self.attempt(path, on: files) { return lock }
            if ContinuousClock.now >= end { break }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
        let holder = (try? files.read(path, limit: 32)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let process = Int32(holder.prefix { $0 != "\n" }).map { "process \($0)" } ?? "another process"
        throw FileError(.locked, .lock, path, detail: "\(process) holds it for more than \(limit)")
    }
}
