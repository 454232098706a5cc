import TestKit
import Testing
import Vocabulary

@Suite struct `A JSON parser in a storm` {
    @Test func `survives random bytes`() {
        var dice = SplitMix64(seed: 1)
        let alphabet =
            Array("{}[]:,\"\\u0123456789abcdefDd8+-.eE tfnrl\n".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xF0, 0xFF]
        for round in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &dice)).map { _ in
                round.isMultiple(of: 2) ? dice.pick(alphabet) : UInt8.random(in: 0...255, using: &dice)
            }
            check(bytes)
        }
    }

    @Test func `survives damaged documents`() {
        var dice = SplitMix64(seed: 2)
        for _ in 0..<4_000 {
            var bytes = dice.value(depth: 4).utf8
            for _ in 0..<Int.random(in: 1...3, using: &dice) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &dice)
                switch Int.random(in: 0..<4, using: &dice) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
                case 2: bytes.insert(dice.pick(Array("{}[]:,\"\\0-e".utf8)), at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            check(bytes)
        }
    }

    @Test func `reads back what it writes`() throws {
        var dice = SplitMix64(seed: 3)
        for _ in 0..<3_000 {
            let value = dice.value(depth: 5)
            #expect(try JSONValue(parsing: value.text) == value)
            #expect(try JSONValue(parsing: value.prettyText) == value)
            let sorted = value.sortedText()
            #expect(try JSONValue(parsing: sorted) == value)
            #expect(try JSONValue(parsing: sorted).text == sorted)
        }
    }

    /// Cut anywhere, an array is no document.
    @Test func `refuses every torn document`() {
        var dice = SplitMix64(seed: 4)
        for _ in 0..<200 {
            let bytes = JSONValue.array([dice.value(depth: 3)]).utf8
            for count in 0..<bytes.count {
                #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.prefix(count)) }
            }
        }
    }

    @Test func `reads every double back from its shortest digits`() throws {
        var dice = SplitMix64(seed: 5)
        for _ in 0..<20_000 {
            let number = dice.double()
            let value = try JSONValue(parsing: "\(number)")
            #expect(value.number?.bitPattern == number.bitPattern)
            let canonical = try String(decoding: JSONValue.double(number).canonicalBytes(), as: UTF8.self)
            #expect(Double(canonical) == number)
        }
    }

    /// Whatever the bytes: an answer; and when they were taken, it is a value that survives being written.
    private func check(_ bytes: [UInt8]) {
        do throws(JSONError) {
            let value = try JSONValue(parsing: bytes)
            #expect((try? JSONValue(parsing: value.utf8)) == value, "\(bytes)")
        } catch {
            #expect((0...bytes.count).contains(error.offset), "\(bytes)")
            #expect(error.line >= 1 && error.column >= 1, "\(bytes)")
        }
    }
}

extension SplitMix64 {
    /// Any value of JSON, at most `depth` deep.
    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: depth == 0 ? 2..<8 : 0..<8, using: &self) {
        case 0: return .array((0..<Int.random(in: 0...4, using: &self)).map { _ in self.value(depth: depth - 1) })
        case 1:
            var object = JSONObject()
            // Now and then more members than are searched one by one.
            for _ in 0..<Int.random(in: 0...(self.chance(0.1) ? 40 : 4), using: &self) {
                object[self.text()] = self.value(depth: depth - 1)
            }
            return .object(object)
        case 2: return .null
        case 3: return .bool(self.chance(0.5))
        case 4: return .integer(Int64(truncatingIfNeeded: self.next()) >> Int64.random(in: 0..<64, using: &self))
        case 5: return .double(self.double())
        default: return .string(self.text())
        }
    }

    mutating func double() -> Double {
        while true {
            let number =
                self.chance(0.5) ? Double(bitPattern: self.next()) : Double.random(in: -1e6...1e6, using: &self)
            if number.isFinite { return number }
        }
    }

    mutating func text() -> String {
        let characters: [Unicode.Scalar] = [
            "a", "Z", "\"", "\\", "/", "\n", "\0", "\u{1F}", "é", "e", "\u{301}", "€", "\u{D7FF}",
            "\u{E000}", "\u{FFFF}", "😀", "\u{10FFFF}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...20, using: &self) { text.append(self.pick(characters)) }
        return String(text)
    }
}
