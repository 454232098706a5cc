import Foundation

/// Where models are asked: a server that speaks the chat protocol of OpenAI.
package struct ChatEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// Of its chat completions.
    let url: String
    /// Where it is, less what could be secret in the address.
    package let description: String
    package let key: ModelKey?
    /// Whether who is in between can read what is said, the key included.
    package let isOpenToEavesdroppers: Bool

    /// - Parameter base: up to and including the version, `https://api.example.org/v1`; the whole address of the chat
    ///   completions will do as well.
    package init(_ base: String, key: ModelKey? = nil) throws(ChatAddressError) {
        guard var parts = URLComponents(string: base), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme)
        else { throw .notAnAddress }
        guard parts.user == nil, parts.password == nil else { throw .hasPassword }
        guard parts.fragment == nil else { throw .notAnAddress }
        while parts.path.hasSuffix("/") { parts.path.removeLast() }
        if !parts.path.hasSuffix(Self.path) { parts.path += Self.path }
        guard let url = parts.string else { throw .notAnAddress }
        self.url = url
        self.key = key
        let isLocal = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
        self.isOpenToEavesdroppers = scheme == "http" && !isLocal
        self.description = "\(scheme)://\(host)" + (parts.port.map { ":\($0)" } ?? "")
    }

    private static let path = "/chat/completions"
}

/// Why an address is not one of a model server.
package enum ChatAddressError: Error, Sendable, Hashable, CustomStringConvertible {
    case notAnAddress
    case hasPassword

    package var description: String {
        switch self {
        case .notAnAddress: "the address of a model server is like https://api.example.org/v1"
        case .hasPassword: "a password in an address would be seen by everybody; name a variable with --llm-key"
        }
    }
}

/// What a server knows us by. It is never printed, and never kept.
package struct ModelKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Of the environment; or the path of the file that holds the key.
    package let variable: String
    package let secret: String

    /// `nil` for a value that cannot be a key: it is empty, or has characters that no header may hold.
    package init?(_ secret: String, from variable: String) {
        let plain = secret.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !plain.isEmpty, plain.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        self.variable = variable
        self.secret = plain
    }

    package var description: String { "the key in \(self.variable)" }
    package var debugDescription: String { self.description }
}
