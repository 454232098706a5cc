import CSodium
import Crypto
import Synchronization
import Vocabulary

/// How dear it is to try a passphrase (Argon2id): passes over the memory, and bytes of it.
package struct PassphraseCost: Hashable, Sendable {
    package let passes: Int
    package let memory: Int

    /// libsodium's MODERATE: about a second, 256 MiB.
    package static let moderate = Self(passes: 3, memory: 268_435_456)
    /// What a file may ask of the machine that reads it.
    static let max = Self(passes: 10, memory: 1 << 30)
    /// What libsodium accepts.
    static let min = Self(passes: 1, memory: 8_192)

    package init(passes: Int, memory: Int) {
        self.passes = passes
        self.memory = memory
    }

    var isAllowed: Bool {
        (Self.min.passes...Self.max.passes).contains(self.passes)
            && (Self.min.memory...Self.max.memory).contains(self.memory)
    }
}

/// What turns a passphrase into a key; stands in the file in the clear.
struct PassphraseSalt: Hashable {
    static let byteCount = Int(crypto_pwhash_argon2id_saltbytes())
    private static let isReady = sodium_init() >= 0

    let cost: PassphraseCost
    let salt: [UInt8]

    init(cost: PassphraseCost, salt: [UInt8]) {
        self.cost = cost
        self.salt = salt
    }

    init(cost: PassphraseCost) {
        var dice = SystemRandomNumberGenerator()
        self.init(cost: cost, salt: (0..<Self.byteCount).map { _ in UInt8.random(in: 0...255, using: &dice) })
    }

    /// Derives the key; takes as long as `cost` says, and blocks.
    func key(for passphrase: String) throws(ContextError) -> SymmetricKey {
        precondition(self.cost.isAllowed && self.salt.count == Self.byteCount, "\(self.cost), \(self.salt.count) bytes")
        var derived = [UInt8](repeating: 0, count: 32)
        defer { sodium_memzero(&derived, derived.count) }
        let characters = passphrase.utf8.map { CChar(bitPattern: $0) }
        let answer =
            Self.isReady
            ? crypto_pwhash(
                &derived, UInt64(derived.count), characters, UInt64(characters.count), self.salt,
                UInt64(self.cost.passes), self.cost.memory, crypto_pwhash_argon2id_alg_argon2id13())
            : -1
        guard answer == 0 else {
            throw ContextError(
                .file, "there is no memory to try the passphrase with",
                hint: "it takes \(self.cost.memory >> 20) MiB; free some and try again")
        }
        return SymmetricKey(data: derived)
    }
}

/// The keys that were derived from passphrases in this process: each takes long, and is derived once.
package final class PassphraseKeys: Sendable {
    private struct Source: Hashable {
        let salt: PassphraseSalt
        let passphrase: String
    }

    private let keys = Mutex<[Source: SymmetricKey]>([:])

    package init() {}

    /// How many derivations there were.
    package var count: Int { self.keys.withLock { $0.count } }

    /// The key for `passphrase`; blocks when it was not asked for before, and others meanwhile.
    func key(_ salt: PassphraseSalt, _ passphrase: String) throws(ContextError) -> SymmetricKey {
        try self.keys.withLock { (keys) throws(ContextError) in
            let source = Source(salt: salt, passphrase: passphrase)
            if let key = keys[source] { return key }
            let key = try salt.key(for: passphrase)
            keys[source] = key
            return key
        }
    }
}

/// A private key under ChaCha20-Poly1305, bound to the public part of its file: nonce, ciphertext, tag.
struct SealedKey: Hashable {
    static let byteCount = 12 + 32 + 16

    let bytes: [UInt8]

    /// Takes sixty bytes; `nil` for any other count.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    init(sealing seed: PrivateSeed, with key: SymmetricKey, boundTo publicPart: String) throws(ContextError) {
        guard let box = try? ChaChaPoly.seal(seed.bytes, using: key, authenticating: Array(publicPart.utf8)) else {
            throw ContextError(.file, "the private key cannot be encrypted")
        }
        self.bytes = Array(box.combined)
    }

    /// `nil` for another key, another public part, or a changed byte: nobody can tell which.
    func open(with key: SymmetricKey, boundTo publicPart: String) -> PrivateSeed? {
        guard let box = try? ChaChaPoly.SealedBox(combined: self.bytes),
            let bytes = try? ChaChaPoly.open(box, using: key, authenticating: Array(publicPart.utf8))
        else { return nil }
        return PrivateSeed(bytes: bytes)
    }
}
