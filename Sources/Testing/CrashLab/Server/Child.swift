import Foundation
import Glibc

/// A process that was started from here. Its standard output comes through a pipe; it reads nothing.
struct Child: Sendable {
    enum End: Hashable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    let pid: pid_t
    private let output: Int32

    /// Starts `arguments`; standard error is appended to the file `log`.
    ///
    /// - Parameter leads: Make it the leader of a process group of its own, which can be killed as a whole.
    init(_ arguments: [String], variables: [String], log: String, leads: Bool = false) throws(LabError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw LabError("no pipe: errno \(errno)") }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // Sockets of this process would otherwise live on in the other.
        for descriptor in Self.openDescriptors where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = Self.attributes(leads: leads)
        defer { posix_spawnattr_destroy(&attributes) }

        var pid: pid_t = 0
        let program = arguments[0]
        let code = Self.withPointers(to: arguments) { arguments in
            Self.withPointers(to: Self.environment + variables) { environment in
                posix_spawn(&pid, program, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            close(ends[0])
            throw LabError("\(program) cannot be started: errno \(code)")
        }
        self.pid = pid
        self.output = ends[0]
    }

    /// Signals mean again what they mean to a program: whoever runs the tests may have them ignored.
    private static func attributes(leads: Bool) -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = leads ? POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP : POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return attributes
    }

    private static var openDescriptors: [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var descriptors: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = Int32(name) { descriptors.append(descriptor) }
        }
        return descriptors
    }

    private static var environment: [String] {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        return variables
    }

    private static func withPointers<Value>(
        to texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
    ) -> Value {
        let pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}

extension Child {
    /// Waits for a line of output with `text` in it; `false` when the output ends without one.
    func says(_ text: String) async throws -> Bool {
        try await Self.onThread {
            var said: [UInt8] = []
            while let more = self.read() {
                said += more
                if String(decoding: said, as: UTF8.self).contains(text) { return true }
            }
            return false
        }
    }

    /// All that it says until it ends.
    func output() async throws -> String {
        try await Self.onThread {
            var said: [UInt8] = []
            while let more = self.read() { said += more }
            return String(decoding: said, as: UTF8.self)
        }
    }

    /// Hands what it says to `take`, piece by piece, until that has heard enough; `false` when the output ends before.
    /// Throws when nothing is said for two minutes.
    func listen(until take: @escaping @Sendable ([UInt8]) -> Bool) async throws -> Bool {
        let end = try await Self.onThread { () -> Bool? in
            while true {
                var waiting = pollfd(fd: self.output, events: Int16(POLLIN), revents: 0)
                let count = poll(&waiting, 1, 120_000)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return nil }
                guard let more = self.read() else { return false }
                if take(more) { return true }
            }
        }
        guard let end else { throw LabError("process \(self.pid) says nothing and does not end") }
        return end
    }

    /// Sends `signal` (0 is none) and waits for the end of the process, which this forgets then.
    func end(with signal: Int32) async throws -> End {
        if signal != 0 { kill(self.pid, signal) }
        return try await Self.onThread {
            var status: Int32 = 0
            while waitpid(self.pid, &status, 0) < 0, errno == EINTR {}
            close(self.output)
            return status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
        }
    }

    /// Kills it with SIGKILL and forgets it once it is gone, which is at once; waits on this thread.
    func abandon() {
        kill(self.pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(self.pid, &status, 0) < 0, errno == EINTR {}
        close(self.output)
    }

    private func read() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(self.output, &bytes, bytes.count)
            if count > 0 { return Array(bytes[..<count]) }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    /// On a thread of its own: it may wait as long as a run takes.
    private static func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }
}
