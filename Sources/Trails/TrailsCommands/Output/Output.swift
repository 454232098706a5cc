#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a command says: results on standard output, words about them on standard error.
enum Output {
    /// A line on standard output.
    static func line(_ text: String) { self.write(text + "\n", to: STDOUT_FILENO) }

    /// Text on standard output, as it is.
    static func text(_ text: String) { self.write(text, to: STDOUT_FILENO) }

    /// Bytes on standard output, whatever they are. Here a reader that has left costs the bytes only.
    static func bytes(_ bytes: [UInt8]) { self.write(bytes, to: STDOUT_FILENO, isResult: false) }

    /// Bytes to a pipe to another process; costs the bytes when that has left.
    static func bytes(_ bytes: [UInt8], to pipe: Int32) { self.write(bytes, to: pipe) }

    /// Bytes on standard error, whatever they are.
    static func errorBytes(_ bytes: [UInt8]) { self.write(bytes, to: STDERR_FILENO) }

    /// A line on standard error.
    static func note(_ text: String) { self.write("trails: \(text)\n", to: STDERR_FILENO) }

    /// Text on standard error, as it is.
    static func aside(_ text: String) { self.write(text, to: STDERR_FILENO) }

    /// What went wrong, and what to do.
    static func complain(_ failure: CommandFailure) {
        self.note("error: \(failure.message)")
        if let hint = failure.hint { self.note("hint: \(hint)") }
    }

    /// Something that is not as it should be, and does not stop the work.
    static func warn(_ message: String, hint: String? = nil) {
        self.note("warning: \(message)")
        if let hint { self.note("hint: \(hint)") }
    }

    static func end(_ code: Int32) -> Never { exit(code) }

    /// Writes at once and in full. A reader that has left costs the text, and ends the program when it was the result.
    private static func write(_ text: String, to descriptor: Int32) {
        self.write(Array(text.utf8), to: descriptor)
    }

    private static func write(_ all: [UInt8], to descriptor: Int32, isResult: Bool = true) {
        var bytes = all[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { unistd_write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                if descriptor == STDOUT_FILENO, isResult { exit(74) }
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }

    private static func unistd_write(_ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, start, count)
        #else
            Darwin.write(descriptor, start, count)
        #endif
    }
}

enum Signals {
    /// A reader that goes away early is told by the failing write.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
