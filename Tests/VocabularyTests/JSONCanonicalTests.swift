import Testing
import Vocabulary

/// The examples of RFC 8785.
@Suite struct `The canonical form of JSON` {
    @Test func `is that of the RFC for its structure example`() throws {
        let text = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50,
                          2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        // Section 3.2.4.
        let expected = """
            7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72
            75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a
            5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31
            65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37
            5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30
            30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d
            """
        let bytes = try JSONValue(parsing: text).canonicalBytes()
        #expect(bytes == Hex.decode(String(expected.filter(\.isHexDigit))))
    }

    @Test func `orders keys by UTF-16 code units`() throws {
        let text = #"""
            {
              "\u20ac": "Euro Sign",
              "\r": "Carriage Return",
              "\ufb33": "Hebrew Letter Dalet With Dagesh",
              "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face",
              "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis"
            }
            """#
        let names = [
            "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
            "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
        ]
        let value = try JSONValue(parsing: text)
        let sorted = try JSONValue(parsing: value.canonicalBytes())
        #expect(sorted.object?.map(\.value.string) == names)
        #expect(try JSONValue(parsing: value.sortedText()).object?.map(\.value.string) == names)
    }

    @Test func `orders any two keys as their UTF-16 code units are`() throws {
        let scalars: [UInt32] = [
            0x20, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xEFFF, 0xF000, 0xFFFF, 0x10000, 0x10FFFF,
        ]
        let pieces = scalars.map { String(Unicode.Scalar($0)!) }
        let keys = [""] + pieces + pieces.flatMap { first in pieces.map { first + $0 } }
        for left in keys {
            for right in keys where Array(left.utf8) != Array(right.utf8) {
                var object = JSONObject()
                object[left] = 1
                object[right] = 2
                let first = left.utf16.lexicographicallyPrecedes(right.utf16) ? 1 : 2
                let sorted = try JSONValue(parsing: JSONValue.object(object).canonicalBytes())
                #expect(
                    sorted.object?.first?.value == .integer(Int64(first)),
                    "\(left.debugDescription) \(right.debugDescription)")
            }
        }
    }

    /// Appendix B.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"), (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"), (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func `prints numbers as in appendix B`(bits: UInt64, text: String) throws {
        let bytes = try JSONValue.double(Double(bitPattern: bits)).canonicalBytes()
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test(arguments: [0x7fff_ffff_ffff_ffff, 0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000] as [UInt64])
    func `has no form for NaN and infinity`(bits: UInt64) {
        let number = JSONValue.double(Double(bitPattern: bits))
        #expect(throws: CanonicalFormError.self) { try number.canonicalBytes() }
        #expect(number.text == "null")
    }

    @Test func `refuses integers that a double cannot hold and says where`() throws {
        let largest = Int64(1) << 53
        #expect(try JSONValue.integer(largest).canonicalBytes() == Array("9007199254740992".utf8))
        #expect(try JSONValue.integer(-largest).canonicalBytes() == Array("-9007199254740992".utf8))
        for number in [largest + 1, -largest - 1, .max, .min] {
            let value: JSONValue = ["payload": ["a/b~c": [0, .integer(number)]]]
            let error = try #require(throws: CanonicalFormError.self) { try value.canonicalBytes() }
            #expect(error == .integerOutOfRange(number, path: "/payload/a~1b~0c/1"))
            let place = "integer \(number) at /payload/a~1b~0c/1"
            #expect(error.message == "\(place) is outside ±2^53 and cannot be signed; send it as a string")
        }
    }

    @Test func `does not tell 1 from 1_0 while the text to store does`() throws {
        #expect(try JSONValue.array([1, 1.0, 1.5]).canonicalBytes() == Array("[1,1,1.5]".utf8))
        #expect(JSONValue.array([1, 1.0, 1.5]).sortedText() == "[1,1.0,1.5]")
        #expect(
            JSONValue.object(["b": .integer(.max), "a": 1e20]).sortedText() == #"{"a":1e+20,"b":9223372036854775807}"#)
    }
}
