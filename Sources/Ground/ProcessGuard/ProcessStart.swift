#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a program is started.
package struct ProcessStart: Sendable {
    /// The program, found by PATH, and its arguments.
    package var command: [String]
    /// All of it: nothing is inherited.
    package var environment: [String: String]
    /// `nil` for that of this process.
    package var workingDirectory: String?
    /// The three descriptors it gets, and no others; they stay the caller's.
    package var input: Int32 = STDIN_FILENO
    package var output: Int32 = STDOUT_FILENO
    package var errors: Int32 = STDERR_FILENO
    /// Stays open until the last process is gone that a guard without its runner has to end: for a lock.
    package var hold: Int32?
    /// From SIGTERM to SIGKILL when this process is gone.
    package var grace: Duration = .seconds(5)
    /// What lists of processes call the guard.
    package var guardName = "process-guard"

    package init(command: [String], environment: [String: String], workingDirectory: String? = nil) {
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    var hasNUL: Bool {
        let texts = self.command + self.environment.flatMap { [$0.key, $0.value] } + [self.workingDirectory ?? ""]
        return texts.contains { $0.utf8.contains(0) }
    }
}

/// How a program ended.
package enum ProcessEnd: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)

    /// From a status as of waitpid(2).
    init(status: Int32) {
        self = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    }

    /// As a shell says it.
    package var exitCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signalled(let number): 128 + number
        }
    }
}

/// Why a program did not start.
package struct ProcessError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    /// What the system said.
    package let errno: Int32?

    package init(_ message: String, errno: Int32? = nil) {
        self.message = message
        self.errno = errno
    }

    init(starting name: String, in directory: String?, _ code: Int32) {
        let place = directory.map { " in \($0)" } ?? ""
        self.init("cannot start \(name)\(place): \(String(cString: strerror(code)))", errno: code)
    }

    package var description: String { self.message }
}
