import TestKit
import Testing
import TrailsWire
import Vocabulary

@Suite struct `A signing key` {
    @Test func `signs as RFC 8032, section 7.1, says`() throws {
        let vectors = try #require(try VectorFile("rfc8032").read().array)
        #expect(vectors.count == 5)
        for vector in vectors {
            let bytes = { (name: String) in vector[name]?.string.flatMap { Hex.decode($0) } ?? [] }
            let key = try #require(SigningKey(seed: bytes("seed")))
            let signature = key.signature(over: bytes("message"))
            #expect(key.publicKey.bytes == bytes("publicKey"))
            #expect(signature.bytes == bytes("signature"))
            #expect(key.publicKey.verify(signature, over: bytes("message")))
            #expect(!key.publicKey.verify(signature, over: bytes("message") + [0]))
        }
    }

    @Test func `is read back from its secret text`() throws {
        let key = Sample.childKey
        #expect(SigningKey(secretText: key.secretText) == key)
        #expect(SigningKey(secretText: key.secretText)?.seed == key.seed)
        #expect(SigningKey(seed: [UInt8](repeating: 1, count: 31)) == nil)
        #expect(SigningKey(secretText: String(key.secretText.dropFirst(8))) == nil)
        #expect(SigningKey(secretText: "ed25519:AAAA") == nil)
    }

    @Test func `shows nothing of its seed when it is printed`() {
        let key = Sample.childKey
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped, "\([key])", "\(Sample.enrolment)"] {
            #expect(!text.contains(Base64.encode(key.seed)))
            #expect(!text.contains(Base64.encode(Sample.enrolSeed)))
            #expect(!text.contains("\(key.seed)"))
        }
        dumped = ""
        dump(Sample.info, to: &dumped)
        #expect(dumped.contains("seed not shown"))
        #expect(!dumped.contains("seed:"))
    }

    @Test func `of an app is derived from its enrolment with HKDF`() throws {
        let app = try #require(AppID("550e8400-e29b-41d4-a716-446655440000"))
        let key = SigningKey.derived(fromEnrolmentSeed: Array(0..<32), app: app)
        // Made with Python's hmac by RFC 5869.
        #expect(Hex.encode(key.seed) == "3e90103f46c9904522f35724d1d1c6cf8310248c5aa7b21d3b357dee837cf5fc")
    }

    @Test func `made at random differs each time`() {
        var dice = SplitMix64(seed: 1)
        #expect(SigningKey.random(using: &dice) != SigningKey.random(using: &dice))
    }
}

@Suite struct `Texts of keys` {
    @Test func `are read back`() throws {
        let signature = Sample.childKey.signature(over: [1])
        #expect(Signature(signature.description) == signature)
        var dice = SplitMix64(seed: 2)
        let nonce = Nonce.challenge(using: &dice)
        #expect(nonce.bytes.count == 32)
        #expect(Nonce(nonce.description) == nonce)
        #expect(Nonce.request(using: &dice).bytes.count == 16)
        let ephemeral = try #require(EphemeralKey(bytes: nonce.bytes))
        #expect(EphemeralKey(ephemeral.description) == ephemeral)
    }

    @Test(arguments: [
        "", "ed25519:", "ed25519:AAAA", "ed25519:????", "x25519:AAAA", "ed25519:" + String(repeating: "A", count: 88),
    ])
    func `of another length are refused`(text: String) {
        #expect(Signature(text) == nil)
        #expect(EphemeralKey(text) == nil)
        #expect(Nonce(text) == nil)
    }

    @Test func `that are no point of the curve verify nothing`() throws {
        let signature = Sample.childKey.signature(over: [1])
        for byte: UInt8 in [0, 1, 2, 0xFF] {
            let key = try #require(PublicKey(bytes: [UInt8](repeating: byte, count: 32)))
            #expect(!key.verify(signature, over: [1]))
        }
    }
}

@Suite struct `A public key of small order` {
    static let encodings = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]

    @Test(arguments: Self.encodings, [false, true])
    func `is known in every encoding, proves nothing, and is read as none`(encoding: String, isNegative: Bool) throws {
        var bytes = try #require(Hex.decode(encoding))
        if isNegative { bytes[31] |= 0x80 }
        let key = try #require(PublicKey(bytes: bytes))
        #expect(key.isOfSmallOrder)
        // R is the neutral point and S is 0: under a key of order 1 that is right for every message.
        let forged = try #require(Signature(bytes: [1] + [UInt8](repeating: 0, count: 63)))
        #expect((0..<16).allSatisfy { !key.verify(forged, over: [$0]) })

        let frame: JSONValue = [
            "typ": "re_register", "app_id": .string(Sample.child.description), "pub_key": .string(key.description),
        ]
        guard case .reRegister(let read) = try ClientFrame.decode(frame.utf8).frame else {
            Issue.record("it is no re_register")
            return
        }
        #expect(read.publicKey == nil)
        #expect(throws: FrameError.self) { try RekeyBody(json: ["pubKey": .string(key.description)]) }
    }

    @Test func `is none that somebody made`() {
        #expect(!Sample.childKey.publicKey.isOfSmallOrder)
        #expect(RekeyBody.canRead(Sample.childKey.publicKey))
    }
}

extension RekeyBody {
    fileprivate static func canRead(_ key: PublicKey) -> Bool {
        (try? RekeyBody(json: ["pubKey": .string(key.description)])) != nil
    }
}
