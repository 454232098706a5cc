import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Why a `WebServer` does not run, or does not take a new certificate.
package struct WebServerError: Error, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        private enum Value { case cannotListen, tls }
        private let value: Value

        /// The address is taken, or is not ours.
        package static let cannotListen = Code(value: .cannotListen)
        /// The certificate or its key cannot be used.
        package static let tls = Code(value: .tls)
    }

    package let code: Code
    package let message: String
    package let hint: String
    package let cause: (any Error)?

    package var description: String { self.cause.map { "\(self.message): \($0)" } ?? self.message }

    /// One line for a person.
    package var shortDescription: String {
        guard let cause = self.cause as? IOError else { return self.description }
        return cause.errnoCode == EADDRINUSE ? "\(self.message): the port is in use" : self.description
    }

    static func tls(_ message: String, cause: (any Error)?) -> Self {
        Self(
            code: .tls, message: message,
            hint: "both files must be PEM and belong together: see \"openssl x509 -in FILE -noout -text\"", cause: cause
        )
    }

    static func cannotListen(on host: String, port: Int, cause: any Error) -> Self {
        Self(
            code: .cannotListen, message: "cannot listen on \(host):\(port)",
            hint: "see who has the port with \"ss -ltnp\", or choose another", cause: cause)
    }
}
