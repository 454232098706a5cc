import Dispatch
package import ProcessGuard
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keeps the commands of a run apart from those that an earlier runner of it left behind.
///
/// ```
///   RUN/commands.lock    shared: by each attempt at work, and by its guard until nothing of it is left
///                        exclusive, for an instant: nothing of any attempt is there
/// ```
///
/// When a runner is killed, the guards of its commands end these, and hold the lock meanwhile. Somebody may have killed
/// the guards too: then the commands that are left are known by their environment, and by a file that their attempt
/// would have removed at its end.
package final class CommandLock: Sendable {
    /// That of a run, by the directory of the run.
    private let directory: String
    private let isClear: Mutex<Bool>

    /// Of a file in the directory of an attempt, as long as its command is at work.
    static let mark = "running"
    /// Names, in the environment of a command, a file in the directory of its attempt.
    static let variable = "ORCHESTRA_CONTEXT_FILE"
    private static let name = "commands.lock"

    /// - Parameter isNew: Of a run that begins here and now: there is no earlier runner to wait for.
    package init(of directory: String, isNew: Bool = false) {
        self.directory = directory
        self.isClear = Mutex(isNew)
    }

    /// Returns when no command of an earlier runner is left; throws when there still is one after `patience`.
    package func waitUntilClear(for patience: Duration) async throws(ProcessError) {
        let end = ContinuousClock.now + patience
        while !self.isClear.withLock({ $0 }) {
            if try self.tryExclusive() { break }
            guard ContinuousClock.now < end else {
                throw ProcessError("commands of an earlier run of this session are still at work")
            }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { throw ProcessError("the wait was cancelled") }
        }
        while !self.isClear.withLock({ $0 }) {
            let left = LeftBehind.processes(of: self.directory)
            if left.isEmpty { return self.isClear.withLock { $0 = true } }
            for process in left { kill(process, SIGKILL) }
            guard ContinuousClock.now < end else {
                throw ProcessError("process \(left[0]) of an earlier run of this session cannot be ended")
            }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { throw ProcessError("the wait was cancelled") }
        }
    }

    /// Takes part in the lock, until the descriptor is closed here and wherever it was handed to.
    func share() throws(ProcessError) -> Int32 {
        let file = try self.open()
        while flock(file, LOCK_SH) != 0 {
            guard errno == EINTR else { throw self.failure(closing: file) }
        }
        return file
    }

    /// Whether nobody else takes part.
    private func tryExclusive() throws(ProcessError) -> Bool {
        guard access(self.directory, F_OK) == 0 else { return true }
        let file = try self.open()
        guard flock(file, LOCK_EX | LOCK_NB) != 0 else {
            close(file)
            return true
        }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw self.failure(closing: file) }
        close(file)
        return false
    }

    private func open() throws(ProcessError) -> Int32 {
        try Descriptors.open("\(self.directory)/\(Self.name)", O_RDWR | O_CREAT)
    }

    private func failure(closing file: Int32) -> ProcessError {
        let number = errno
        close(file)
        return ProcessError(
            "\(self.directory)/\(Self.name) cannot be locked: \(String(cString: strerror(number)))", errno: number)
    }
}
