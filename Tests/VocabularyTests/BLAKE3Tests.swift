import Foundation
import Testing
import Vocabulary

@Suite struct BLAKE3Tests {
    /// Lengths and hashes of `Vectors/blake3.json`.
    private static let vectors: Result<[(length: Int, hash: String)], any Error> = Result {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/blake3.json")
        let json = try JSONValue(parsing: Array(try Data(contentsOf: file)))
        return json["cases"]?.array?.compactMap { one in
            guard let length = one["length"]?.integer, let hash = one["hash"]?.string else { return nil }
            return (Int(length), hash)
        } ?? []
    }

    private static func pattern(_ length: Int) -> [UInt8] { (0..<length).map { UInt8($0 % 251) } }

    @Test func `hashes as b3sum does`() throws {
        let vectors = try Self.vectors.get()
        #expect(vectors.count == 35)
        for (length, hash) in vectors {
            #expect(BLAKE3.hash(Self.pattern(length)).description == hash, "\(length) bytes")
        }
    }

    @Test(arguments: [1, 7, 63, 64, 65, 1_000, 1_024, 1_500])
    func `hashes pieces as the whole`(size: Int) throws {
        for (length, hash) in try Self.vectors.get() where length > 0 {
            let bytes = Self.pattern(length)
            var hasher = BLAKE3()
            for start in stride(from: 0, to: length, by: size) {
                hasher.update(bytes[start..<min(start + size, length)])
            }
            #expect(hasher.finalize().description == hash, "\(length) bytes in pieces of \(size)")
        }
    }

    @Test func `goes on after it was asked`() throws {
        var hasher = BLAKE3()
        hasher.update(Self.pattern(2_048))
        let half = hasher.finalize()
        hasher.update(Self.pattern(2_049).suffix(1))
        #expect(half == BLAKE3.hash(Self.pattern(2_048)))
        #expect(hasher.finalize() == BLAKE3.hash(Self.pattern(2_049)))
    }

    @Test func `takes collections that are not contiguous`() {
        #expect(BLAKE3.hash(Self.pattern(300).lazy.map(\.self)) == BLAKE3.hash(Self.pattern(300)))
    }

    @Test func `reads a digest back from its bytes and its text`() {
        let digest = BLAKE3.hash(Array("swift".utf8))
        #expect(digest.description == "df2e1788eb71c71a0e58703862475e22f12227b8343af1d67461922d2ad9e95a")
        #expect(BLAKE3.Digest(digest.description) == digest)
        #expect(BLAKE3.Digest(bytes: digest.bytes) == digest)
        #expect(BLAKE3.Digest(bytes: digest.bytes.dropLast()) == nil)
        #expect(BLAKE3.Digest("df2e") == nil)
        #expect(BLAKE3.Digest(String(repeating: "g", count: 64)) == nil)
    }
}
