import DurableFiles
package import TrailsStore
import WebTransport

/// Why the server does not run.
package struct ServerError: Error, Sendable {
    /// What kind of failure; may grow.
    package struct Code: Hashable, Sendable {
        private enum Kind: Hashable, Sendable { case configuration, inUse, data, port }
        private let kind: Kind

        /// What it was told makes no sense: another start will not mend it.
        package static let configuration = Self(kind: .configuration)
        /// Another server has the data directory.
        package static let inUse = Self(kind: .inUse)
        /// A file in the data directory cannot be used.
        package static let data = Self(kind: .data)
        /// It cannot listen.
        package static let port = Self(kind: .port)
    }

    package let code: Code
    package let message: String
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension ServerError {
    init(_ error: FileError) { self.init(.data, error.message, hint: error.hint) }

    init(_ error: WebServerError) {
        let code: Code = error.code == .tls ? .configuration : .port
        self.init(code, error.description, hint: error.hint)
    }

    package init(_ error: StoreError) {
        self.init(error.code == .newer ? .configuration : .data, error.message, hint: error.hint)
    }
}
