import TestKit
import Testing
import TurnModel
import Vocabulary

@Suite struct MsgpackTests {
    /// Values in the one form we write them in.
    private static let forms: [(MsgpackValue, String)] = [
        (.null, "c0"), (.bool(false), "c2"), (.bool(true), "c3"),
        (.unsigned(0), "00"), (.unsigned(127), "7f"), (.unsigned(128), "cc80"), (.unsigned(255), "ccff"),
        (.unsigned(256), "cd0100"), (.unsigned(65_535), "cdffff"), (.unsigned(65_536), "ce00010000"),
        (.unsigned(1 << 32), "cf0000000100000000"), (.unsigned(.max), "cfffffffffffffffff"),
        (.negative(-1), "ff"), (.negative(-32), "e0"), (.negative(-33), "d0df"), (.negative(-128), "d080"),
        (.negative(-129), "d1ff7f"), (.negative(-32_768), "d18000"), (.negative(-32_769), "d2ffff7fff"),
        (.negative(-2_147_483_649), "d3ffffffff7fffffff"), (.negative(.min), "d38000000000000000"),
        (.double(1), "cb3ff0000000000000"), (.double(-0.5), "cbbfe0000000000000"),
        (.string(""), "a0"), (.string("é"), "a2c3a9"), (.bytes([]), "c400"), (.bytes([1, 2]), "c4020102"),
        (.array([]), "90"), (.array([.unsigned(1), .null]), "9201c0"), (.map([]), "80"),
        (.extended(-1, [9]), "d4ff09"), (.extended(5, [1, 2, 3]), "c70305010203"),
        (.map([.init(.unsigned(1), .string("User")), .init(.unsigned(2), .string("yo"))]), "8201a45573657202a2796f"),
    ]

    @Test func `has one form for each value`() throws {
        for (value, hex) in Self.forms {
            #expect(Hex.encode(value.encoded()) == hex)
            #expect(try MsgpackValue(decoding: try #require(Hex.decode(hex))) == value, "\(hex)")
        }
    }

    @Test func `writes long things with the shortest length`() throws {
        for (count, prefix) in [(31, "bf"), (32, "d920"), (255, "d9ff"), (256, "da0100"), (65_536, "db00010000")] {
            let value = MsgpackValue.string(String(repeating: "a", count: count))
            #expect(Hex.encode(value.encoded()).hasPrefix(prefix))
            #expect(try MsgpackValue(decoding: value.encoded()) == value)
        }
        for (count, prefix) in [(15, "9f"), (16, "dc0010"), (65_536, "dd00010000")] {
            let value = MsgpackValue.array(Array(repeating: .null, count: count))
            #expect(Hex.encode(value.encoded()).hasPrefix(prefix))
            #expect(try MsgpackValue(decoding: value.encoded()) == value)
        }
        let map = MsgpackValue.map((0..<20).map { .init(.unsigned($0), .null) })
        #expect(Hex.encode(map.encoded()).hasPrefix("de001400c001c0"))
    }

    @Test func `sorts keys, fields first`() throws {
        let keys: [MsgpackValue] = [
            .string("b"), .unsigned(300), .string("a"), .unsigned(2), .negative(-1), .unsigned(200),
        ]
        let sorted = try MsgpackValue(decoding: MsgpackValue.map(keys.map { .init($0, .null) }).encoded())
        #expect(
            sorted.map?.map(\.key) == [
                .unsigned(2), .string("a"), .string("b"), .unsigned(200), .unsigned(300), .negative(-1),
            ])
    }

    /// The order is known without making the bytes of the keys, so it is held against these.
    @Test func `writes the keys of a map in the order of their bytes`() throws {
        let numbers: [UInt64] = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, .max]
        let texts = [0, 1, 2, 31, 32, 33, 255, 256, 257, 65_535, 65_536].flatMap { count in
            ["a", "b", "é"].filter { count > 0 || $0 == "a" }.map { String(repeating: $0, count: count) }
        }
        for keys in [numbers.map(MsgpackValue.unsigned), texts.map(MsgpackValue.string)] {
            for order in [keys, keys.reversed(), keys.shuffled()] {
                let map = MsgpackValue.map(order.map { .init($0, .null) })
                let written = try #require(MsgpackValue(decoding: map.encoded()).map).map { $0.key.encoded() }
                #expect(written == keys.map { $0.encoded() }.sorted { $0.lexicographicallyPrecedes($1) })
            }
        }
    }

    @Test(arguments: [
        ("", MsgpackError.Code.unexpectedEnd, 0), ("c1", .unknownByte, 0), ("0000", .trailingBytes, 1),
        ("a2c3", .unexpectedEnd, 1), ("a1ff", .invalidUTF8, 1), ("92c0", .unexpectedEnd, 1),
        ("8201c001c0", .duplicateKey, 3), ("8201c0cc01c0", .duplicateKey, 3), ("ddffffffff", .unexpectedEnd, 5),
        ("dfffffffff", .unexpectedEnd, 5), ("c6ffffffff00", .unexpectedEnd, 5), ("cf00", .unexpectedEnd, 1),
    ])
    func `says what is wrong and where`(hex: String, code: MsgpackError.Code, offset: Int) throws {
        let bytes = try #require(Hex.decode(hex))
        let error = #expect(throws: MsgpackError.self) { try MsgpackValue(decoding: bytes) }
        #expect(error?.code == code)
        #expect(error?.offset == offset)
    }

    @Test func `takes so much and no more`() throws {
        let deep = [UInt8](repeating: 0x91, count: 64) + [0xC0]
        #expect(throws: Never.self) { try MsgpackValue(decoding: deep) }
        #expect(throws: MsgpackError.self) { try MsgpackValue(decoding: [0x91] + deep) }
        var limits = MsgpackLimits()
        limits.values = 3
        #expect(throws: MsgpackError.self) { try MsgpackValue(decoding: [0x93, 1, 2, 3], limits: limits) }
        #expect(try MsgpackValue(decodingStartOf: [0x01, 0xC1]) == .unsigned(1))
    }

    @Test func `survives any bytes, and reads back what it understood`() throws {
        var dice = SplitMix64(seed: 11)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...40, using: &dice)
            let bytes = (0..<count).map { _ in
                dice.chance(0.5) ? UInt8.random(in: 0x80...0x9F, using: &dice) : UInt8.random(in: 0...255, using: &dice)
            }
            guard let value = try? MsgpackValue(decodingStartOf: bytes) else { continue }
            let again = value.encoded()
            #expect(try MsgpackValue(decoding: again).encoded() == again, "\(Hex.encode(bytes))")
        }
    }

    @Test func `survives any change of one byte`() throws {
        let all = MsgpackValue.array(Self.forms.map(\.0)).encoded()
        for place in all.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = all
                bytes[place] = byte
                _ = try? MsgpackValue(decoding: bytes)
            }
        }
    }
}

@Suite struct TaggedFieldsTests {
    @Test func `finds fields by number or by digits, and keeps the rest`() throws {
        let fields = try TaggedFields(
            .map([
                .init(.unsigned(1), .string("a")), .init(.string("22"), .bool(true)), .init(.string("x"), .null),
                .init(.string("01"), .null), .init(.unsigned(7), .null), .init(.negative(-1), .null),
            ]))
        #expect(fields[1] == .string("a"))
        #expect(fields[22] == .bool(true))
        #expect(fields[7] == nil)
        #expect(fields.others.count == 3)
        let again = try TaggedFields(decoding: fields.encoded())
        #expect(again.values == fields.values)
        #expect(Set(again.others) == Set(fields.others))
    }

    @Test func `refuses one tag in two spellings, and what is no map`() {
        let twice = MsgpackValue.map([.init(.unsigned(1), .null), .init(.string("1"), .null)])
        #expect(throws: MsgpackError.self) { try TaggedFields(twice) }
        #expect(throws: MsgpackError.self) { try TaggedFields(decoding: [0x90]) }
    }

    @Test func `reads metadata with keys of either kind`() throws {
        for isText in [false, true] {
            func map(_ members: [(UInt64, MsgpackValue)]) -> MsgpackValue {
                .map(members.map { .init(isText ? .string("\($0.0)") : .unsigned($0.0), $0.1) })
            }
            let payload = map([
                (
                    30,
                    map([
                        (1, .string("tag")), (2, .unsigned(5)), (3, .array([.string("l"), .null])),
                        (4, .map([.init(.string("k"), .string("v"))])),
                        (10, map([(1, .unsigned(9)), (43, .negative(-4)), (70, .string("sdk")), (71, .null)])),
                    ])
                )
            ]).encoded()
            let metadata = try #require(ContextMetadata(ofRoot: payload))
            #expect(metadata.clientTag == "tag")
            #expect(metadata.title == nil)
            #expect(metadata.labels == ["l"])
            #expect(metadata.custom == ["k": "v"])
            #expect(metadata.provenance?.numbers == [.parentContextID: 9, .processPID: -4])
            #expect(metadata.provenance?.texts == [.sdkName: "sdk"])
            let again = MsgpackValue.map([.init(.unsigned(30), metadata.value)]).encoded()
            #expect(ContextMetadata(ofRoot: again) == metadata)
        }
        #expect(ContextMetadata(ofRoot: []) == nil)
        #expect(ContextMetadata(ofRoot: [0x80]) == nil)
    }
}
