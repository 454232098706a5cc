import Glibc
import NIOPosix

/// A process that was started from here. Its standard output comes through a pipe.
struct Child: Sendable {
    enum End: Hashable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    let pid: pid_t
    private let output: Int32

    /// Starts `arguments`; standard error is appended to the file `log`.
    init(_ arguments: [String], variables: [String], log: String) throws(LabError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw LabError("no pipe: errno \(errno)") }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // Sockets of this process would otherwise live on in the other.
        for descriptor in Self.openDescriptors where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }

        var pid: pid_t = 0
        let program = arguments[0]
        let code = Self.withPointers(to: arguments) { arguments in
            Self.withPointers(to: Self.environment + variables) { environment in
                posix_spawn(&pid, program, &actions, nil, arguments, environment)
            }
        }
        guard code == 0 else {
            close(ends[0])
            throw LabError("\(program) cannot be started: errno \(code)")
        }
        self.pid = pid
        self.output = ends[0]
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

    private static func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive { work() }
    }
}
