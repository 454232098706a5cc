#if canImport(Glibc)
    import CLinuxShims
    import Glibc
#else
    import Darwin
#endif

/// A program that was started in a session of its own, with all it starts: the interrupt of our terminal does not
/// reach them, and they can be ended together.
struct ProcessGroup: Sendable {
    let id: pid_t

    /// What the program starts with in place of what this one ignores or catches.
    private static let signals: [Int32] = [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD]

    init(id: pid_t) {
        self.id = id
    }

    /// Starts `request.command` with these descriptors as its standard ones, and with no others.
    init(_ request: ProcessRequest, input: Int32, output: Int32, errors: Int32) throws(ProcessError) {
        let texts = request.command + request.environment.flatMap { [$0.key, $0.value] }
        guard let name = request.command.first, !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw ProcessError(message: "a command or its environment has a NUL character")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (ours, theirs) in [(input, STDIN_FILENO), (output, STDOUT_FILENO), (errors, STDERR_FILENO)] {
            posix_spawn_file_actions_adddup2(&actions, ours, theirs)
        }
        posix_spawn_file_actions_addchdir_np(&actions, request.workingDirectory)
        #if canImport(Glibc)
            posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        #endif
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        Self.set(&attributes)

        var arguments: [UnsafeMutablePointer<CChar>?] = request.command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            request.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var id: pid_t = 0
        let code = posix_spawnp(&id, name, &actions, &attributes, &arguments, &variables)
        guard code == 0 else {
            throw ProcessError(
                message: "cannot start \(name) in \(request.workingDirectory): \(String(cString: strerror(code)))")
        }
        self.id = id
    }

    /// A session of its own, and signals as a program expects them.
    private static func set(_ attributes: inout posix_spawnattr_t) {
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in self.signals { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        #if canImport(Glibc)
            let special: Int32 = 0x80  // POSIX_SPAWN_SETSID, which the headers show to GNU sources only
        #else
            let special: Int32 = 0x400 | POSIX_SPAWN_CLOEXEC_DEFAULT
        #endif
        posix_spawnattr_setflags(
            &attributes, Int16(special | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)))
    }

    /// Waits for the end of the program, and leaves its number in use. Blocks.
    func waitForEnd() {
        var end = siginfo_t()
        while waitid(P_PID, id_t(self.id), &end, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    }

    /// How the program ended, once it has; gives its number back.
    func reap() -> ProcessEnd {
        var status: Int32 = 0
        while waitpid(self.id, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    }

    /// To the program and everything that it started and that did not leave its session.
    func signal(_ number: Int32) { kill(-self.id, number) }

    /// Whether anything of it runs; a process that has ended and was not waited for does not.
    var isAlive: Bool {
        guard kill(-self.id, 0) == 0 else { return false }
        #if canImport(Glibc)
            return Self.livingGroups().contains(self.id)
        #else
            return true
        #endif
    }

    #if canImport(Glibc)
        private static func livingGroups() -> Set<pid_t> {
            guard let directory = opendir("/proc") else { return [] }
            defer { closedir(directory) }
            var groups: Set<pid_t> = []
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if pid_t(name) != nil, let group = self.group(ofLiving: name) { groups.insert(group) }
            }
            return groups
        }

        /// `PID (name) STATE PARENT GROUP …`, where the name may hold anything.
        private static func group(ofLiving process: String) -> pid_t? {
            guard let file = fopen("/proc/\(process)/stat", "r") else { return nil }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = fread(&buffer, 1, buffer.count, file)
            let line = String(decoding: buffer[..<count], as: UTF8.self)
            guard let name = line.lastIndex(of: ")") else { return nil }
            let fields = line[line.index(after: name)...].split(separator: " ")
            guard fields.count > 2, fields[0] != "Z", fields[0] != "X" else { return nil }
            return pid_t(fields[2])
        }
    #endif
}
