package import DurableFiles

/// Why a daemon does not start.
package struct DaemonError: Error, Hashable, Sendable {
    package let code: Code
    /// Lower case, no full stop.
    package let message: String
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The kind of error. More may come: a `switch` over it needs a `default`.
    package struct Code: Hashable, Sendable {
        private enum Kind { case alreadyRunning, place, socket, handler }
        private let kind: Kind

        /// Another daemon has the root.
        package static let alreadyRunning = Self(kind: .alreadyRunning)
        /// The root cannot be used.
        package static let place = Self(kind: .place)
        package static let socket = Self(kind: .socket)
        /// What the daemon is to serve did not open.
        package static let handler = Self(kind: .handler)
    }
}

extension DaemonError: CustomStringConvertible {
    package var description: String { self.message }
}

extension DaemonError {
    package init(_ error: FileError) { self.init(.place, error.message, hint: error.hint) }
}
