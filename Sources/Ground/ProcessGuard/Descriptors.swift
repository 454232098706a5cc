#if canImport(Glibc)
    import CLinuxShims
    import Glibc
#else
    import Darwin
#endif

/// Files and pipes, all of them closed in children that are not given them.
package enum Descriptors {
    /// A pipe whose ends do not outlive an exec.
    package static func pipe() throws(ProcessError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard self.makePipe(&ends) == 0 else { throw self.failure("no pipe can be made") }
        return (ends[0], ends[1])
    }

    /// Something to read `bytes` from. A file without a name, not a pipe: a pipe breaks when the reader ends early, and
    /// blocks when it is slow.
    package static func reading(_ bytes: [UInt8]) throws(ProcessError) -> Int32 {
        guard !bytes.isEmpty else { return try self.open("/dev/null", O_RDONLY) }
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var dice = SystemRandomNumberGenerator()
        let path = "\(folder)/orchestra-\(String(dice.next(), radix: 16))"
        let file = try self.open(path, O_RDWR | O_CREAT | O_EXCL)
        unlink(path)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, off_t(bytes.count - rest.count)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = self.failure("the input of a command cannot be written to \(folder)")
                close(file)
                throw failure
            }
            rest = rest.dropFirst(count)
        }
        return file
    }

    /// The next bytes: none at the end, `nil` when there are none yet.
    package static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        while true {
            let count = self.readSome(descriptor, &buffer)
            if count >= 0 { return buffer[..<count] }
            if errno == EAGAIN { return nil }
            if errno != EINTR { return [] }
        }
    }

    package static func wake(_ descriptor: Int32) {
        var byte: UInt8 = 1
        _ = self.writeSome(descriptor, &byte)
    }

    package static func neverBlock(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    /// Opens a file, or makes one that is its owner's alone.
    package static func open(_ path: String, _ flags: Int32) throws(ProcessError) -> Int32 {
        #if canImport(Glibc)
            let file = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        #else
            let file = Darwin.open(path, flags | O_CLOEXEC, 0o600)
        #endif
        guard file >= 0 else { throw self.failure("\(path) cannot be opened") }
        return file
    }

    private static func failure(_ what: String) -> ProcessError {
        ProcessError("\(what): \(String(cString: strerror(errno)))", errno: errno)
    }

    private static func makePipe(_ ends: inout [Int32]) -> Int32 {
        #if canImport(Glibc)
            pipe2(&ends, O_CLOEXEC)
        #else
            // Children get no descriptor that they are not given: POSIX_SPAWN_CLOEXEC_DEFAULT.
            Darwin.pipe(&ends)
        #endif
    }

    private static func readSome(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, &buffer, buffer.count)
        #else
            Darwin.read(descriptor, &buffer, buffer.count)
        #endif
    }

    private static func writeSome(_ descriptor: Int32, _ byte: inout UInt8) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, &byte, 1)
        #else
            Darwin.write(descriptor, &byte, 1)
        #endif
    }
}
