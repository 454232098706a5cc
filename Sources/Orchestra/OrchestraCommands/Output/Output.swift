import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a command says: results on standard output, words about them on standard error.
enum Output {
    /// A line on standard output.
    static func line(_ text: String) {
        self.above { self.write(Array((text + "\n").utf8), to: STDOUT_FILENO) }
    }

    /// A line on standard output about work that goes on whoever reads.
    static func progress(_ text: String) {
        self.above { self.write(Array((text + "\n").utf8), to: STDOUT_FILENO, mustArrive: false) }
    }

    /// What draws a terminal, on it as it is.
    static func screen(_ text: String) { self.write(Array(text.utf8), to: STDOUT_FILENO, mustArrive: false) }

    /// Bytes on standard output, as they are.
    static func bytes(_ bytes: [UInt8]) { self.write(bytes, to: STDOUT_FILENO) }

    /// Text on standard error, as it is.
    static func aside(_ text: String) {
        self.above { self.write(Array(text.utf8), to: STDERR_FILENO) }
    }

    /// What went wrong, and what to do.
    static func complain(_ failure: CommandFailure) {
        self.aside("orchestra: error: \(failure.message)\n")
        if let hint = failure.hint { self.aside("orchestra: hint: \(hint)\n") }
    }

    static func end(_ code: Int32) -> Never {
        self.live.withLock { $0 }?.close()
        exit(code)
    }

    /// The screen that has something drawn on the terminal.
    private static let live = Mutex<LiveScreen?>(nil)

    /// From now on all that is said goes above what `screen` draws.
    static func show(on screen: LiveScreen) { self.live.withLock { $0 = screen } }

    private static func above(_ write: () -> Void) {
        if let screen = self.live.withLock({ $0 }) { screen.around(write) } else { write() }
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// A reader that goes away early is told by the failing write.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Writes at once and in full. A result that cannot be written ends the program.
    private static func write(_ all: [UInt8], to descriptor: Int32, mustArrive: Bool = true) {
        var bytes = all[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { self.write($0, to: descriptor) }
            if count < 0 {
                if errno == EINTR { continue }
                if descriptor == STDOUT_FILENO, mustArrive { exit(1) }
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }
}
