internal import Vocabulary

extension FieldKind<String> {
    /// A string of at most `bytesMax` UTF-8 bytes.
    static func text(bytesMax: Int) -> Self {
        Self { value throws(FrameError) in
            guard let text = value.string else { throw .mustBe("a string", not: value) }
            guard text.utf8.count <= bytesMax else {
                throw FrameError(.badMessage, "has \(text.utf8.count) bytes, more than \(bytesMax)")
            }
            return text
        }
    }

    /// The label of an app.
    static let name = Self { value throws(FrameError) in
        let text = try Self.text(bytesMax: WireLimits.nameBytesMax).read(value)
        guard !text.isEmpty else { throw FrameError(.badMessage, "is empty") }
        return text
    }

    /// A word that programs compare, as an action, a role reference or a capability.
    static let symbol = Self { value throws(FrameError) in
        let text = try Self.text(bytesMax: WireLimits.symbolBytesMax).read(value)
        guard !text.isEmpty else { throw FrameError(.badMessage, "is empty") }
        return text
    }

    /// A sentence for people.
    static let sentence = Self.text(bytesMax: WireLimits.sentenceBytesMax)

    /// Whatever a server has stored and shows.
    static let shown = Self.text(bytesMax: WireLimits.shownBytesMax)
}

extension FieldKind<[String]> {
    static let symbols = Self.list(.symbol, countMax: WireLimits.symbolsMax)
}

extension FieldKind {
    /// A UUID.
    static func id<Name>() -> Self where Value == Identifier<Name> {
        Self("a UUID") { Identifier($0) }
    }

    /// A UUID of version 4: where a new identity enters.
    static func id4<Name>() -> Self where Value == Identifier<Name> {
        Self { value throws(FrameError) in
            let id: Identifier<Name> = try Self.id().read(value)
            guard id.isVersion4 else {
                throw FrameError(.badMessage, "is a UUID, but not of version 4", hint: "make it at random")
            }
            return id
        }
    }
}

extension FieldKind<PublicKey> {
    static let publicKey = Self("a public key ed25519:BASE64 that only its holder can sign with") { text in
        PublicKey(text).flatMap { $0.isOfSmallOrder ? nil : $0 }
    }
}

extension FieldKind<EphemeralKey> {
    static let ephemeralKey = Self("a key x25519:BASE64") { EphemeralKey($0) }
}

extension FieldKind<Nonce> {
    static let nonce = Self("Base64 of 16 to 64 bytes") { Nonce($0) }
}

extension FieldKind<Signature> {
    /// What is no signature is reported as a bad one.
    static let signature = Self { value throws(FrameError) in
        guard let signature = value.string.flatMap({ Signature($0) }) else {
            throw FrameError(.badSignature, "is not a signature ed25519:BASE64 of 64 bytes")
        }
        return signature
    }
}
