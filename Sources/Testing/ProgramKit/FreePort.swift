import Glibc

/// A port that nobody listens on, for a server that is to be started on it again and again.
package enum FreePort {
    /// Below those that the system gives to connections: while the server is away, none of them may take it.
    private static let range: ClosedRange<UInt16> = 15_000...31_999

    package static func find() throws -> Int {
        for _ in 0..<100 {
            let port = UInt16.random(in: self.range)
            if try self.isFree(port) { return Int(port) }
        }
        throw NoFreePort(range: self.range)
    }

    private static func isFree(_ port: UInt16) throws -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw NoFreePort(range: self.range) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    package struct NoFreePort: Error { let range: ClosedRange<UInt16> }
}
