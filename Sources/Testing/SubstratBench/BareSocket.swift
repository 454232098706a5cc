import BenchKit
import Glibc

/// A socket server with nothing around it, and a client as bare: what no daemon on this machine can be faster than.
enum BareSocket {
    private static let line = Array(#"{"id":1,"method":"ping"}"#.utf8) + [0x0A]

    /// Sends every line back, until it is killed.
    static func serve(_ path: String) throws {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try self.withAddress(path) { address, size in
            guard bind(listener, address, size) == 0, listen(listener, 128) == 0 else {
                throw BenchError("no socket at \(path)")
            }
        }
        print("ready")
        fflush(nil)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { continue }
            while true {
                let count = read(connection, &buffer, buffer.count)
                guard count > 0, write(connection, buffer, count) == count else { break }
            }
            close(connection)
        }
    }

    /// The server as a process of its own.
    struct Server {
        private let program: BenchProgram

        init(_ path: String) throws {
            self.program = try BenchProgram(nil, ["echo-server", path])
            _ = try self.program.line()
        }

        func stop() { self.program.kill() }
    }

    /// Requests a second, with a connection each, one after the other.
    static func rate(_ path: String, calls: Int) throws -> Double {
        let begin = ContinuousClock.now
        for _ in 0..<calls {
            let connection = try self.connect(path)
            defer { close(connection) }
            try self.send(self.line, to: connection)
            try self.hear(1, from: connection)
        }
        return Double(calls) / (ContinuousClock.now - begin).inSeconds
    }

    /// Requests a second on one connection, 64 of them under way.
    static func pipelined(_ path: String, calls: Int) throws -> Double {
        let connection = try self.connect(path)
        defer { close(connection) }
        let lines = [UInt8](repeatElement(self.line, count: 64).joined())
        let begin = ContinuousClock.now
        for _ in 0..<max(1, calls / 64) {
            try self.send(lines, to: connection)
            try self.hear(64, from: connection)
        }
        return Double(max(1, calls / 64) * 64) / (ContinuousClock.now - begin).inSeconds
    }

    private static func connect(_ path: String) throws -> Int32 {
        let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try self.withAddress(path) { address, size in
            guard Glibc.connect(connection, address, size) == 0 else { throw BenchError("nobody listens at \(path)") }
        }
        return connection
    }

    private static func send(_ bytes: [UInt8], to connection: Int32) throws {
        guard write(connection, bytes, bytes.count) == bytes.count else { throw BenchError("a socket took no more") }
    }

    private static func hear(_ lines: Int, from connection: Int32) throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var left = lines
        while left > 0 {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { throw BenchError("a socket was closed") }
            left -= buffer[..<count].count { $0 == 0x0A }
        }
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
    ) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw BenchError("\(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
