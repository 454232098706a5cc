import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A lock on the file `PATH-lock`, which ends with its process however that ends.
///
/// Not on the database itself: closing any descriptor of that file would drop the locks that SQLite holds on it.
final class SidecarLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Takes the lock, if need be after `time`.
    ///
    /// - Parameters:
    ///   - isShared: Whether others may have it at the same time, who share it too.
    ///   - time: How long whoever has it may take; zero where it is kept for as long as the file is open.
    init(for path: String, isShared: Bool = false, waiting time: Duration = .zero) throws(StorageError) {
        let descriptor = openDescriptor("\(path)-lock", O_RDWR | O_CREAT)
        guard descriptor >= 0 else {
            throw StorageError(
                .cannotOpen, "\(path)-lock cannot be opened: \(String(cString: strerror(errno)))",
                hint: "does its folder exist, for this user?")
        }
        let operation = (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB
        var tries = time.wholeMilliseconds
        while flock(descriptor, operation) != 0, tries > 0 {
            usleep(1_000)
            tries -= 1
        }
        guard flock(descriptor, operation) == 0 else {
            closeDescriptor(descriptor)
            guard isShared || time > .zero else {
                throw StorageError(.locked, "\(path) is open in another process", hint: "end the other process")
            }
            throw StorageError(
                .busy, "\(path) is being made or changed by another process", hint: "try again in a moment")
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { self.release() }

    func release() {
        self.descriptor.withLock { descriptor in
            descriptor.map(closeDescriptor)
            descriptor = nil
        }
    }
}
