import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension IOError {
    /// What the system calls the error, lower case: `connection refused (errno 111)`.
    var errnoText: String {
        "\(String(cString: strerror(self.errnoCode)).lowercased()) (errno \(self.errnoCode))"
    }
}
