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
    init(for path: String, waiting time: Duration = .zero) throws(StorageError) {
        let descriptor = openDescriptor("\(path)-lock", O_RDWR | O_CREAT)
        guard descriptor >= 0 else {
            throw StorageError(
                .cannotOpen, "\(path)-lock cannot be opened: \(String(cString: strerror(errno)))",
                hint: "does its folder exist, for this user?")
        }
        var tries = time.wholeMilliseconds / 10
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0, tries > 0 {
            usleep(10_000)
            tries -= 1
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            closeDescriptor(descriptor)
            throw StorageError(.locked, "\(path) is open in another process", hint: "end the other process")
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
