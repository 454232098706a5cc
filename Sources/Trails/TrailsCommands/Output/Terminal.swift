#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The person's end of the program.
enum Terminal {
    static var isInput: Bool { isatty(STDIN_FILENO) == 1 }
    static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Asks a yes-or-no question; anything but y is no.
    static func confirms(_ question: String) -> Bool {
        Output.aside("\(question) [y/N] ")
        let answer = Swift.readLine() ?? ""
        return ["y", "yes"].contains(answer.lowercased())
    }

    /// Asks on the terminal itself for a secret, which is not shown; `nil` when there is no terminal.
    static func secret(_ question: String) -> String? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else { return nil }
        var quiet = settings
        quiet.c_lflag &= ~tcflag_t(ECHO)
        // Signals would leave the terminal mute.
        quiet.c_lflag &= ~tcflag_t(ISIG)
        tcsetattr(terminal, TCSAFLUSH, &quiet)
        defer { tcsetattr(terminal, TCSAFLUSH, &settings) }
        self.write(question + " ", to: terminal)
        let answer = self.readLine(from: terminal)
        self.write("\n", to: terminal)
        return answer
    }

    /// The first line of a file that is open already: how scripts hand over a secret.
    static func line(fromDescriptor descriptor: Int32) -> String? { self.readLine(from: descriptor) }

    /// All of standard input, at most `limit` bytes; `nil` when there is more.
    static func input(limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { return nil }
        }
    }

    private static func readLine(from descriptor: Int32) -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 4_096 {
            let count = read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
            guard byte != UInt8(ascii: "\n") else { break }
            // Ctrl-C, as signals are off.
            guard byte != 0x03 else { return nil }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        #if canImport(Glibc)
            _ = Glibc.write(descriptor, bytes, bytes.count)
        #else
            _ = Darwin.write(descriptor, bytes, bytes.count)
        #endif
    }
}
