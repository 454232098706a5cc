internal import Crypto
internal import FoundationEssentials
internal import Vocabulary

/// SHA-256 of a body, in hex: what the signatures of REST hold in its place.
package struct BodyHash: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(of body: [UInt8]) {
        self.description = Hex.encode(Array(SHA256.hash(data: body)))
    }
}
