import Glibc

/// A loop that does nothing but write and sync.
package enum BareSyncs {
    package static func rate(in folder: BenchFolder, count: Int) throws -> Double {
        let file = open(folder.file("bare.bin"), O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard file >= 0 else { throw BenchError("no file for bare syncs") }
        defer { close(file) }
        let page = [UInt8](repeating: 7, count: 4_096)
        let begin = ContinuousClock.now
        for _ in 0..<count {
            guard write(file, page, page.count) == page.count, fdatasync(file) == 0 else {
                throw BenchError("a bare sync failed")
            }
        }
        return Double(count) / (ContinuousClock.now - begin).inSeconds
    }
}
