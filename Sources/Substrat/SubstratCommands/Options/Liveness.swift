import DurableFiles
import SubstratProtocol

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Whether a daemon has a root. The lock says so; that a process of some number lives says nothing.
enum Liveness: Equatable {
    case running(pid: Int32?)
    case stopped(hasStalePID: Bool)

    init(of place: DaemonPlace) {
        let descriptor = open(place.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        defer { if descriptor >= 0 { close(descriptor) } }
        // Shared, and given back at once: a daemon that starts in this moment tries again.
        let isFree = descriptor < 0 || flock(descriptor, LOCK_SH | LOCK_NB) == 0
        let files = POSIXFileSystem()
        if isFree {
            self = .stopped(hasStalePID: (try? files.exists(place.pid)) == true)
        } else {
            let text = (try? files.read(place.lock, limit: 32)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            self = .running(pid: Int32(text.prefix { $0 != "\n" }))
        }
    }
}
