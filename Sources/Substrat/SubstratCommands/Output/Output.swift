import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a command says: results on standard output, words about them on standard error.
enum Output {
    /// A line on standard output.
    static func line(_ text: String) { self.write(Array((text + "\n").utf8), to: STDOUT_FILENO) }

    /// A value on standard output, on one line.
    static func json(_ value: JSONValue) { self.line(value.text) }

    /// Text on standard output, as it is.
    static func text(_ text: String) { self.write(Array(text.utf8), to: STDOUT_FILENO) }

    /// Text on standard error, as it is.
    static func aside(_ text: String) { self.write(Array(text.utf8), to: STDERR_FILENO) }

    /// What went wrong, and what to do.
    static func complain(_ failure: CommandFailure) {
        self.aside("substrat: error: \(failure.message)\n")
        if let hint = failure.hint { self.aside("substrat: hint: \(hint)\n") }
    }

    static func end(_ code: Int32) -> Never { exit(code) }

    /// A reader that goes away early is told by the failing write.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Writes at once and in full. A result that cannot be written ends the program.
    private static func write(_ all: [UInt8], to descriptor: Int32) {
        var bytes = all[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { self.write($0, to: descriptor) }
            if count < 0 {
                if errno == EINTR { continue }
                if descriptor == STDOUT_FILENO { exit(1) }
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
