package import Vocabulary

extension PublicKey {
    /// Whether the key is a point of small order: then anybody can make signatures that it accepts.
    ///
    /// There are eight such points. With the ways to write a coordinate beyond the field, and with either sign, that
    /// makes the encodings below; the sign is the highest bit of the last byte.
    package var isOfSmallOrder: Bool {
        var bytes = self.bytes
        bytes[31] &= 0x7F
        return Self.smallOrders.contains(bytes)
    }

    private static let smallOrders: Set<[UInt8]> = {
        /// The order of the field, 2^255 - 19, and its neighbours.
        func nearPrime(_ first: UInt8) -> [UInt8] { [first] + [UInt8](repeating: 0xFF, count: 30) + [0x7F] }
        let texts = [
            // y of the four points of order 8
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ]
        return Set(
            texts.compactMap { Hex.decode($0) } + [
                [UInt8](repeating: 0, count: 32),  // order 4
                [1] + [UInt8](repeating: 0, count: 31),  // order 1
                nearPrime(0xEC),  // order 2
                nearPrime(0xED), nearPrime(0xEE),  // 0 and 1 again
            ])
    }()
}
