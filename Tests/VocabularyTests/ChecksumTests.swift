import Testing
import Vocabulary

@Suite struct `The checksum CRC-32C` {
    /// RFC 3720, appendix B.4, and the check value of the catalogues.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), ((0..<32).map(UInt8.init), 0x46DD_794E),
            ((0..<32).reversed().map(UInt8.init), 0x113F_DB5C), ([], 0),
        ] as [([UInt8], UInt32)])
    func `is that of the vectors`(bytes: [UInt8], checksum: UInt32) {
        #expect(CRC32C(bytes).value == checksum)
    }

    @Test func `is the same in parts`() {
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for cut in 0...100 {
            var checksum = CRC32C(bytes[..<cut])
            checksum.update(bytes[cut...])
            #expect(checksum == CRC32C(bytes))
        }
    }
}
