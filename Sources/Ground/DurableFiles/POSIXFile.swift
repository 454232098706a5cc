import Glibc
import Synchronization

/// An open file descriptor.
///
/// `close` while another thread is inside a call of this file is a bug of the caller.
final class POSIXFile: OpenFile {
    private struct State {
        var isClosed = false
        var isPoisoned = false
    }

    let path: String
    private let descriptor: Int32
    private let appends: Bool
    private let state = Mutex(State())

    init(descriptor: Int32, path: String, appends: Bool) {
        self.descriptor = descriptor
        self.path = path
        self.appends = appends
    }

    deinit {
        if !self.state.withLock({ $0.isClosed }) { Glibc.close(self.descriptor) }
    }

    /// Refuses a file whose sync failed.
    private func checkUse(_ operation: FileError.Operation) throws(FileError) {
        let state = self.state.withLock { $0 }
        precondition(!state.isClosed, "\(operation) of \(self.path) after close")
        if state.isPoisoned { throw FileError(.poisoned, operation, self.path) }
    }

    func status() throws(FileError) -> FileStatus {
        try self.checkUse(.status)
        var facts = stat()
        try POSIXCall.retried(.status, self.path) { fstat(self.descriptor, &facts) }
        return FileStatus(facts)
    }

    func read(upTo count: Int, at offset: Int64) throws(FileError) -> [UInt8] {
        try self.checkUse(.read)
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileError) {
                filled = try POSIXCall.retried(.read, self.path) {
                    pread(self.descriptor, buffer.baseAddress, count, off_t(offset))
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(FileError) -> Int {
        precondition(!self.appends, "write at \(offset) to \(self.path), which is open for appending")
        try self.checkUse(.write)
        return try self.put(bytes) { pwrite(self.descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    }

    func append(_ bytes: ArraySlice<UInt8>) throws(FileError) -> Int {
        precondition(self.appends, "append to \(self.path), which is not open for appending")
        try self.checkUse(.write)
        return try self.put(bytes) { Glibc.write(self.descriptor, $0.baseAddress, $0.count) }
    }

    private func put(
        _ bytes: ArraySlice<UInt8>, _ call: (UnsafeRawBufferPointer) -> Int
    ) throws(FileError) -> Int {
        precondition(!bytes.isEmpty, "empty write to \(self.path)")
        let written = try POSIXCall.retried(.write, self.path) { bytes.withUnsafeBytes(call) }
        // Never seen for a plain file; a loop over short writes would turn for ever.
        if written == 0 { throw FileError(.io, .write, self.path, detail: "the system wrote nothing") }
        return written
    }

    func truncate(to length: Int64) throws(FileError) {
        try self.checkUse(.cut)
        try POSIXCall.retried(.cut, self.path) { ftruncate(self.descriptor, off_t(length)) }
    }

    func sync() throws(FileError) {
        try self.checkUse(.sync)
        do throws(FileError) {
            try POSIXCall.retried(.sync, self.path) { fdatasync(self.descriptor) }
        } catch {
            // The kernel has dropped the failed pages and the next fdatasync would answer "done".
            self.state.withLock { $0.isPoisoned = true }
            throw error
        }
    }

    func tryLock() throws(FileError) -> Bool {
        try self.checkUse(.lock)
        do throws(FileError) {
            try POSIXCall.retried(.lock, self.path) { flock(self.descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            guard error.errno == EWOULDBLOCK else { throw error }
            return false
        }
    }

    func unlock() throws(FileError) {
        try self.checkUse(.unlock)
        try POSIXCall.retried(.unlock, self.path) { flock(self.descriptor, LOCK_UN) }
    }

    func close() throws(FileError) {
        let wasClosed = self.state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        // Not retried: Linux has let go of the descriptor even when it says EINTR.
        if !wasClosed && Glibc.close(self.descriptor) != 0 && Glibc.errno != EINTR {
            throw POSIXCall.failure(.close, self.path)
        }
    }
}
