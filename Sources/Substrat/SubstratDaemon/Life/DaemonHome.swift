package import DurableFiles
package import SubstratProtocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The root of a daemon, for as long as it is the one that has it.
///
///     take: make the root, 0700 ─► lock ─► look how the last one ended ─► remove what it left
///     open: daemon.pid, then the socket        give back: socket, daemon.pid, clean_shutdown, lock
///
/// Only the lock says who has the root. It goes with the process, however that ends, and its file is never removed:
/// of two files of one name two processes could each hold the lock of one.
package final class DaemonHome: Sendable {
    package let place: DaemonPlace
    package let lastShutdown: Shutdown

    private let files: any FileSystem
    private let lock: FileLock

    /// How the daemon before this one ended.
    package enum Shutdown: String, Sendable {
        /// There was none.
        case none
        case clean
        /// It was killed, or the machine stopped, or it could not start.
        case unclean
    }

    /// How long somebody else may hold the lock who only looks whether it is held.
    private static let patience = Duration.milliseconds(500)

    private init(_ place: DaemonPlace, _ lastShutdown: Shutdown, _ lock: FileLock, on files: any FileSystem) {
        self.place = place
        self.lastShutdown = lastShutdown
        self.lock = lock
        self.files = files
    }

    /// Takes the root; throws `alreadyRunning` when another daemon has it. Blocks its thread.
    package static func take(_ place: DaemonPlace, on files: any FileSystem) throws(DaemonError) -> DaemonHome {
        try Self.check(place)
        do throws(FileError) {
            try DurableDirectory.make(place.root, on: files)
        } catch {
            throw DaemonError(error)
        }
        // A root that an older program made may be open to others.
        guard chmod(place.root, 0o700) == 0 else {
            throw DaemonError(.place, "\(place.root.shownToPeople()) cannot be closed to other users")
        }
        let isFirst = try? !files.exists(place.lock)
        let lock = try Self.lock(place, on: files)
        do throws(FileError) {
            let wasClean = try Self.lookBack(at: place, on: files)
            let shutdown: Shutdown = wasClean ? .clean : isFirst == true ? .none : .unclean
            return DaemonHome(place, shutdown, lock, on: files)
        } catch {
            throw DaemonError(error)
        }
    }

    /// Throws when no daemon can have this root, whatever is there.
    package static func check(_ place: DaemonPlace) throws(DaemonError) {
        guard !place.hasUsableSocketPath else { return }
        throw DaemonError(
            .socket,
            "the path of the socket has \(place.socket.utf8.count) bytes, and the system takes "
                + "\(DaemonPlace.socketPathMax)",
            hint: "choose a root with a shorter path: --root, or SUBSTRAT_ROOT")
    }

    private static func lock(_ place: DaemonPlace, on files: any FileSystem) throws(DaemonError) -> FileLock {
        do throws(FileError) {
            return try FileLock.acquire(place.lock, within: Self.patience, on: files)
        } catch {
            guard error.code == .locked else { throw DaemonError(error) }
            let holder = (try? files.read(place.lock, limit: 32)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let pid = Int32(holder.prefix { $0 != "\n" }).map { " (pid \($0))" } ?? ""
            throw DaemonError(.alreadyRunning, "daemon already running\(pid)", hint: "its root is \(place.root)")
        }
    }

    /// Whether the last daemon ended in peace; what it left is removed.
    private static func lookBack(at place: DaemonPlace, on files: any FileSystem) throws(FileError) -> Bool {
        let wasClean = try files.exists(place.cleanShutdown)
        if wasClean {
            // Before anything is written: a crash from here on is none that a clean end came after.
            try files.unlink(place.cleanShutdown)
            try files.syncDirectory(place.root)
        }
        if try files.exists(place.pid) { try files.unlink(place.pid) }
        for socket in [place.socket, place.toolSocket] where try files.exists(socket) {
            guard try files.status(of: socket).kind == .other else {
                throw FileError(.exists, .open, socket, detail: "it is not a socket")
            }
            try files.unlink(socket)
        }
        try AtomicFile.sweep(place.root, on: files)
        return wasClean
    }
}

extension DaemonHome {
    /// Says whose root it is, before the socket does.
    package func writePID() throws(DaemonError) {
        do throws(FileError) {
            try AtomicFile.replace(self.place.pid, with: Array("\(getpid())\n".utf8), isDurable: false, on: self.files)
        } catch {
            throw DaemonError(error)
        }
    }

    /// Gives the root back. `isClean` when all that had to be kept is kept.
    package func giveBack(isClean: Bool) throws(DaemonError) {
        defer { self.lock.release() }
        do throws(FileError) {
            for socket in [self.place.socket, self.place.toolSocket] where try self.files.exists(socket) {
                try self.files.unlink(socket)
            }
            if try self.files.exists(self.place.pid) { try self.files.unlink(self.place.pid) }
            if isClean {
                try AtomicFile.replace(self.place.cleanShutdown, with: Array("\(getpid())\n".utf8), on: self.files)
            }
        } catch {
            throw DaemonError(error)
        }
    }
}
