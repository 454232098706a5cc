#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends a program when the process that runs it as a node dies without a word, as by SIGKILL: nobody could cancel the
/// program any more, and the tree would call it crashed while it works on.
///
///     trails exec ──pipe──► guard        "over": all is well, and the guard ends
///                                        end of the pipe without it: SIGTERM to the program's group, then SIGKILL
///
/// A shell does that, in a session of its own. The pipe ends with this process, whatever ends it.
struct WorkGuard: Sendable {
    /// Seconds between SIGTERM and SIGKILL: nobody is there who would know a better number.
    static let grace = 10

    private let pipe: Int32

    /// `read` fails at the end of the pipe. A group that is gone has no process to send signal 0 to.
    private static let script = """
        read -r word && exit
        kill -s TERM -- "-$1" 2>/dev/null
        for second in $(seq "$2"); do kill -s 0 -- "-$1" 2>/dev/null || exit; sleep 1; done
        kill -s KILL -- "-$1" 2>/dev/null
        """

    /// Guards the group of `program`.
    init(of program: pid_t) throws {
        let (read, write) = try WorkProcess.pipe()
        defer { close(read) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, read, STDIN_FILENO)
        for output in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
        }
        do {
            _ = try WorkProcess.spawn(
                ["/bin/sh", "-c", Self.script, "trails-guard", String(program), String(Self.grace)], actions,
                environment: ["PATH": "/usr/bin:/bin"])
        } catch {
            close(write)
            throw error
        }
        self.pipe = write
    }

    /// The program has ended, or another end of it was reported.
    func dismiss() {
        Output.bytes(Array("over\n".utf8), to: self.pipe)
        close(self.pipe)
    }
}
