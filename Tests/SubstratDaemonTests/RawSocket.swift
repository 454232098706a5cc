import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A socket as the system has it, with nothing of ours in between. Blocks its thread; gives up after a minute.
final class RawSocket: Sendable {
    private let descriptor: Int32
    private let rest = Mutex<[UInt8]>([])

    init(_ path: String) throws {
        self.descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = RawSocket.address(path)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(code == 0, "\(String(cString: strerror(errno)))")
    }

    deinit { close(self.descriptor) }

    static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return address
    }

    /// False when the other side has closed.
    @discardableResult
    func say(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func say(_ text: String) -> Bool { self.say(Array(text.utf8)) }

    /// No more will be said from here.
    func endSaying() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// The next line; `nil` at the end of the connection.
    func hear() -> String? {
        self.rest.withLock { rest in
            var block = [UInt8](repeating: 0, count: 65_536)
            while true {
                if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { rest.removeSubrange(...end) }
                    return String(decoding: rest[..<end], as: UTF8.self)
                }
                let count = recv(self.descriptor, &block, block.count, 0)
                if count < 0, errno == EAGAIN { Issue.record("nothing came for a minute") }
                if count <= 0 { return nil }
                rest += block[..<count]
            }
        }
    }
}

/// Runs `body` on a thread of its own, so that it may wait.
func onThread<Answer: Sendable>(_ body: @Sendable @escaping () throws -> Answer) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try body() }) }.start()
    }
}
