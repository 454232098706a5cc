import TestKit
import Testing
import Vocabulary

@Suite struct `Base64 text` {
    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", "", ""), ("f", "Zg==", "Zg"), ("fo", "Zm8=", "Zm8"), ("foo", "Zm9v", "Zm9v"),
        ("foob", "Zm9vYg==", "Zm9vYg"),
        ("fooba", "Zm9vYmE=", "Zm9vYmE"), ("foobar", "Zm9vYmFy", "Zm9vYmFy"),
    ])
    func `is that of the RFC`(plain: String, padded: String, bare: String) {
        let bytes = Array(plain.utf8)
        #expect(Base64.encode(bytes) == padded)
        #expect(Base64.encodeURL(bytes) == bare)
        #expect(Base64.decode(padded) == bytes)
        #expect(Base64.decode(bare) == bytes)
    }

    @Test func `comes in two alphabets`() {
        let bytes: [UInt8] = [0xFB, 0xEF, 0xFF]
        #expect(Base64.encode(bytes) == "++//")
        #expect(Base64.encodeURL(bytes) == "--__")
        #expect(Base64.decode("++//") == bytes)
        #expect(Base64.decode("--__") == bytes)
    }

    @Test func `is read back at any length`() {
        var dice = SplitMix64(seed: 6)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decode(Base64.encodeURL(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }

    @Test(arguments: [
        "Z", "Zg=", "Zg===", "Zm8==", "Zm9v=", "Zm9v====", "=", "==", "Zh==", "Zm9=", "Zm-", "Zm9v\n", " Zm9v", "Zm 9v",
        "Zg==Zg==", "Z=g=", "Zm9v!", "Zmé", "Zm9v\0",
    ])
    func `refuses what is not Base64`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}

@Suite struct `Hex text` {
    @Test func `is lower case and read in either`() {
        #expect(Hex.encode([0x00, 0x1F, 0xAB, 0xFF]) == "001fabff")
        #expect(Hex.decode("001FabfF") == [0x00, 0x1F, 0xAB, 0xFF])
        #expect(Hex.decode("") == [])
    }

    @Test(arguments: ["0", "0g", "0x00", " 00", "00 ", "é"])
    func `refuses what is not hex`(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}

@Suite struct `A public key` {
    /// The public key of RFC 8032, section 7.1, test 2.
    let hex = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    let text = "ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="

    @Test func `reads what it prints`() throws {
        let bytes = try #require(Hex.decode(hex))
        let key = try #require(PublicKey(bytes: bytes))
        #expect(key.description == text)
        #expect(key.bytes == bytes)
        #expect(PublicKey(text) == key)
        #expect(PublicKey("ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw") == key)
        #expect(key.shortFingerprint == "PUAXw+hD")
        #expect(Set([key, PublicKey(text)]).count == 1)
    }

    @Test func `differs when any bit does`() throws {
        let bytes = try #require(Hex.decode(hex))
        let key = PublicKey(bytes: bytes)
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 0x80
            #expect(PublicKey(bytes: other) != key)
        }
    }

    @Test(arguments: [
        "", "ed25519:", "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
        "ED25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
        "ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zg", "ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0ZgwA",
        "ed25519: PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=", "ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgx=",
    ])
    func `is not read from anything else`(text: String) {
        #expect(PublicKey(text) == nil)
        #expect(PublicKey(bytes: Array(repeating: 0, count: 31)) == nil)
    }
}
