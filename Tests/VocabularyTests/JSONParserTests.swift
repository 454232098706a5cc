import TestKit
import Testing
import Vocabulary

@Suite struct `A JSON parser` {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true\n", true), ("\tfalse\r", false), ("0", 0), ("-1", -1), ("\"\"", ""),
            ("[]", []), ("[ ]", []), ("{}", [:]), ("{ }", [:]), ("[1 , [2],3]", [1, [2], 3]),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("1.0", .double(1)), ("1e3", .double(1000)), ("1E+3", .double(1000)), ("25e-1", .double(2.5)),
            ("0.1", .double(0.1)), ("0e0", .double(0)), ("5e-324", .double(.leastNonzeroMagnitude)),
            ("1e-400", .double(0)),
            ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)), ("1e22", .double(1e22)),
            ("123456789012345678901234567890.0", .double(123456789012345678901234567890.0)),
            ("9007199254740993.0", .double(9007199254740992)), ("1e-9223372036854775809", .double(0)),
            ("0e99999999999999999999", .double(0)),
            (#""\"\\\/\b\f\n\r\t\u0041""#, "\"\\/\u{8}\u{C}\n\r\tA"), (#""\u0000""#, "\0"),
            (#""é\u00e9\ud83d\uDE00😀""#, "éé😀😀"), ("\"\u{7F}\u{2028}\u{10FFFF}\"", "\u{7F}\u{2028}\u{10FFFF}"),
            (#"{"a":1,"b":{"c":[null]}}"#, ["a": 1, "b": ["c": [nil]]]),
        ] as [(String, JSONValue)])
    func `reads what RFC 8259 allows`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }

    @Test func `keeps the sign of zero`() throws {
        for text in ["-0", "-0.0", "-0e5", "-1e-400"] {
            let value = try JSONValue(parsing: text)
            guard case .double(let number) = value else {
                Issue.record("\(text) is \(value)")
                continue
            }
            #expect(number == 0 && number.sign == .minus)
        }
    }

    @Test(
        arguments: [
            ("", JSONError.Code.unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("nul", .unexpectedCharacter, 0),
            ("NaN", .unexpectedCharacter, 0), ("Infinity", .unexpectedCharacter, 0), ("-Infinity", .malformedNumber, 1),
            ("True", .unexpectedCharacter, 0), ("'a'", .unexpectedCharacter, 0), ("\0", .unexpectedCharacter, 0),
            ("[1,]", .unexpectedCharacter, 3), ("{\"a\":1,}", .unexpectedCharacter, 7),
            ("[,1]", .unexpectedCharacter, 1),
            ("[1 2]", .unexpectedCharacter, 3), ("{1:2}", .unexpectedCharacter, 1),
            ("{\"a\" 1}", .unexpectedCharacter, 5),
            ("[1}", .unexpectedCharacter, 2), ("{\"a\":1]", .unexpectedCharacter, 6), ("[", .unexpectedEnd, 1),
            ("[1", .unexpectedEnd, 2), ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5),
            ("1 2", .trailingCharacters, 2), ("{}x", .trailingCharacters, 2), ("[]\0", .trailingCharacters, 2),
            ("nullnull", .trailingCharacters, 4), ("// a\n1", .unexpectedCharacter, 0),
            ("\u{FEFF}1", .unexpectedCharacter, 0),
            ("01", .malformedNumber, 0), ("-01", .malformedNumber, 0), ("00.5", .malformedNumber, 0),
            ("+1", .unexpectedCharacter, 0), (".5", .unexpectedCharacter, 0), ("-", .unexpectedEnd, 1),
            ("[-]", .malformedNumber, 2), ("1.", .unexpectedEnd, 2), ("[1.]", .malformedNumber, 3),
            ("1.e5", .malformedNumber, 2), ("1e", .unexpectedEnd, 2), ("[1e+]", .malformedNumber, 4),
            ("0x10", .trailingCharacters, 1), ("1_000", .trailingCharacters, 1),
            ("9223372036854775808", .numberOutOfRange, 0), ("-9223372036854775809", .numberOutOfRange, 0),
            ("[18446744073709551616]", .numberOutOfRange, 1), ("1e309", .numberOutOfRange, 0),
            ("-1e9999999999999999999999", .numberOutOfRange, 0),
            ("\"a", .unexpectedEnd, 2), ("\"\\", .unexpectedEnd, 2), ("\"\\n", .unexpectedEnd, 3),
            ("\"a\nb\"", .controlCharacter, 2), ("\"\\t\u{1F}\"", .controlCharacter, 3),
            ("\"\0\"", .controlCharacter, 1),
            (#""\x""#, .invalidEscape, 1), (#""\u12G4""#, .invalidEscape, 1), (#""\u12"#, .invalidEscape, 1),
            (#""\u+123""#, .invalidEscape, 1), (#""\ud800""#, .loneSurrogate, 1), (#""a\udc00""#, .loneSurrogate, 2),
            (#""\ud800\ud800""#, .loneSurrogate, 1), (#""\ud800\n""#, .loneSurrogate, 1),
            (#""\ud800A""#, .loneSurrogate, 1), (#""\ud800\u0041""#, .loneSurrogate, 1),
            (#"{"a":1,"a":1}"#, .duplicateKey, 7), (#"{"a":1,"\u0061":1}"#, .duplicateKey, 7),
            (#"{"b":{"a":1,"a":2}}"#, .duplicateKey, 12),
        ] as [(String, JSONError.Code, Int)])
    func `refuses the rest and says where`(text: String, code: JSONError.Code, offset: Int) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error.code == code)
        #expect(error.offset == offset)
    }

    @Test(
        arguments: [
            ([0x22, 0x80, 0x22], 1), ([0x22, 0x41, 0xC3, 0x22], 2), ([0x22, 0xC0, 0xAF, 0x22], 1),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1), ([0x22, 0xFF, 0x22], 1),
            ([0x22, 0xC3, 0xA9, 0xE2, 0x82, 0x22], 3), ([0x22, 0x5C, 0x6E, 0xC3, 0xA9, 0xC3, 0x22], 5),
            ([0x22, 0xC3, 0x5C, 0x6E, 0x22], 1),
        ] as [([UInt8], Int)])
    func `refuses strings that are not UTF-8`(bytes: [UInt8], offset: Int) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: bytes) }
        #expect(error.code == .invalidUTF8)
        #expect(error.offset == offset)
    }

    @Test func `speaks to people`() {
        func message(_ text: String) -> String {
            do throws(JSONError) {
                _ = try JSONValue(parsing: text)
                return "accepted"
            } catch {
                return error.message
            }
        }
        #expect(message(#"{"a":1, "a":2}"#) == #"duplicate key "a" at line 1, column 9"#)
        #expect(message("[\n  \"é\", x]") == #""x" where a value was expected at line 2, column 8"#)
        #expect(message("[") == "end of the document where a value was expected at line 1, column 2")
        #expect(message("\u{FEFF}1") == "byte order mark where a value was expected at line 1, column 1")
        #expect(message("[1]\n]") == #""]" after the end of the document at line 2, column 1"#)
        #expect(
            message("[9223372036854775808]")
                == "integer that does not fit 64 bits at line 1, column 2; send it as a string")
        #expect(message("\"\n\"") == "byte 0x0a in a string at line 1, column 2; write it as an escape")
        let long = "\"" + String(repeating: "\\n", count: 1000) + "\":1"
        #expect(message("{\(long),\(long)}").count < 150)
    }

    @Test func `quotes keys so that they do no harm`() throws {
        let marks = String(repeating: "\u{301}", count: 10_000)
        for key in ["e\(marks)", "\u{202E}txt", "\u{9B}31m", "\u{2028}"] {
            let error = try #require(throws: JSONError.self) { try JSONValue(parsing: "{\"\(key)\":1,\"\(key)\":1}") }
            #expect(error.code == .duplicateKey)
            #expect(error.message.utf8.count < 200)
            #expect(!error.message.unicodeScalars.contains { ["\u{202E}", "\u{9B}", "\u{2028}"].contains($0) })
            let path = try #require(throws: CanonicalFormError.self) {
                try JSONValue.object([key + "\n": .integer(.max)]).canonicalBytes()
            }
            #expect(path.message.utf8.count < 600)
            #expect(!path.message.unicodeScalars.contains { ["\u{202E}", "\u{9B}", "\u{2028}", "\n"].contains($0) })
        }
    }

    @Test func `stops at the depth it was given`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(JSONLimits.depthMax)) }
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: nested(JSONLimits.depthMax + 1)) }
        #expect(error.code == .tooDeep)
        #expect(error.offset == JSONLimits.depthMax)
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":[", count: 1_000_000)) }
        let flat = JSONLimits(depth: 0)
        #expect(try JSONValue(parsing: "1", limits: flat) == 1)
        #expect(throws: JSONError.self) { try JSONValue(parsing: "[]", limits: flat) }
        let siblings = "[" + Array(repeating: "[{}]", count: 100).joined(separator: ",") + "]"
        #expect(throws: Never.self) { try JSONValue(parsing: siblings, limits: JSONLimits(depth: 3)) }
        let deepest = JSONLimits(depth: JSONLimits.depthCeiling)
        let value = try JSONValue(parsing: nested(JSONLimits.depthCeiling), limits: deepest)
        #expect(value.text == nested(JSONLimits.depthCeiling))
    }

    @Test func `stops at the length it was given`() throws {
        let limits = JSONLimits(bytes: .bytes(4))
        #expect(try JSONValue(parsing: "[1 ]", limits: limits) == [1])
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: "[1  ]", limits: limits) }
        #expect(error.code == .tooLong)
        #expect(error.offset == 4)
    }

    @Test func `takes bytes from any collection`() throws {
        #expect(try JSONValue(parsing: "  [1,2]".utf8.dropFirst()) == [1, 2])
        #expect(try JSONValue(parsing: Array("x[1]x".utf8)[1...3]) == [1])
        #expect(try JSONValue(parsing: "]1[".utf8.reversed()) == [1])
    }
}
