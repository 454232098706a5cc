import Testing
import Vocabulary

@testable import EventLog

@Suite struct `A line of a log` {
    @Test func `is in the seed's format, with number and checksum at its end`() throws {
        #expect(
            try String(decoding: bytes("hi", 1), as: UTF8.self)
                == #"{"session_id":"a1a1a1a1a1a14a1a8000000000000001","ts":"2026-02-26T22:00:00.123000+00:00","#
                + #""event":"note","data":{"text":"hi"},"v":2,"seq":1,"crc":"03e93bc8"}"# + "\n")
        let second = try String(decoding: bytes("hi", 12), as: UTF8.self)
        #expect(second.contains(#"},"seq":12,"crc":""#) && !second.contains(#""v""#))
    }

    @Test func `keeps no data apart from empty data, and text as it is`() throws {
        for event in [LogEvent("a"), LogEvent("a", [:]), LogEvent("ёж\n\"", ["k": ["ц", 1, 2.5, nil, true]])] {
            var bytes: [UInt8] = []
            try EventLine(event, in: .user, at: someTime).write(to: &bytes, sequence: 7)
            let record = LogRecord(bytes.dropLast(), sequence: 7)
            #expect(record == LogRecord(sequence: 7, time: someTime, event: event))
            #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
        }
    }

    @Test func `takes no number that JSON cannot write`() {
        for value: JSONValue in [.double(.nan), [.double(.infinity)], ["a": [["b": .double(-.infinity)]]]] {
            let refusal = code { () throws(LogFault) in
                _ = try EventLine(LogEvent("a", ["x": value]), in: alpha, at: someTime)
            }
            #expect(refusal == .notANumber)
        }
    }

    @Test func `is told from every line that differs by a bit`() throws {
        let whole = try bytes("some text", 3).dropLast()
        #expect(LineCheck(whole) == .sound(3))
        for place in whole.indices {
            for bit in 0..<8 {
                var flipped = whole
                flipped[place] ^= 1 << bit
                let check = LineCheck(flipped)
                guard case .bad = check else {
                    Issue.record("bit \(bit) of byte \(place): \(check)")
                    continue
                }
            }
        }
    }

    @Test func `is told from every part of it`() throws {
        let whole = try bytes("some text", 3).dropLast()
        for count in 0..<whole.count {
            guard case .bad = LineCheck(whole.prefix(count)), case .bad = LineCheck(whole.suffix(count)) else {
                Issue.record("\(count) bytes")
                continue
            }
        }
    }

    @Test(arguments: [
        #"{"session_id":"aa","ts":"2026-03-01T10:00:00.000001+00:00","event":"turn.start","data":{"prompt":"x"}}"#,
        #"{"event": "send", "data": {"cost": NaN, "more": [-Infinity, Infinity, 1e999e]}}"#
            .replacing("1e999e", with: "123456789012345678901234567890"),
        #"{"event":"send","data":{"text":"half \ud83d, whole \ud83d\ude00, \\ud83d NaN"}}"#,
    ])
    func `of the seed is read, whatever its writer takes for JSON`(text: String) {
        let line = Array(text.utf8)[...]
        #expect(LineCheck(line) == .legacy)
        #expect(LogRecord(line, sequence: 1) != nil)
    }

    @Test(arguments: ["", "{}", "null", #"{"event":1}"#, #"{"event":"a"} x"#, #"{"event":"a","seq":1}"#, "[NaN]"])
    func `that is no event is bad`(text: String) {
        #expect(LineCheck(Array(text.utf8)[...]) == .bad(.unreadable))
    }
}

@Suite struct `The name of a log` {
    @Test func `is its session, or user`() {
        #expect(LogID.user.folder == "user" && LogID(folder: "user") == .user)
        #expect(LogID(folder: alpha.folder) == alpha && alpha.folder == "a1a1a1a1a1a14a1a8000000000000001")
        for other in ["", "..", "users", alpha.folder.uppercased(), alpha.description, LogID.user.hex] {
            #expect(LogID(folder: other) == nil)
        }
    }
}

@Suite struct `A frame of the journal` {
    static func frame(_ number: UInt64, _ notes: [(LogID, UInt64, String)]) throws -> [UInt8] {
        var frame = JournalFrame(number: number)
        for (log, sequence, text) in notes {
            frame.append(try bytes(text, sequence, log)[...], number: sequence, of: log)
        }
        return frame.sealed()
    }

    @Test func `gives back its lines`() throws {
        let one = try Self.frame(8, [(alpha, 1, "a"), (beta, 5, "b"), (alpha, 2, "c")])
        let two = try Self.frame(9, [(beta, 6, "d")])
        let scan = JournalScan(one + two + [UInt8](repeating: 0, count: 100), after: 7)
        #expect(scan.frameCount == 2 && scan.last == 9 && scan.end == one.count + two.count && !scan.hasDamage)
        #expect(try scan.logs[alpha]?.lines.map { Array($0.bytes) } == [bytes("a", 1), bytes("c", 2)])
        #expect(scan.logs[beta]?.lines.map(\.number) == [5, 6])
        #expect(JournalScan(one + two, after: 8).frameCount == 1)
        #expect(JournalScan(one + two, after: 9).frameCount == 0)
        #expect(JournalScan(one + two, after: nil).last == 9)
    }

    @Test func `does not count when a bit of it is wrong, and the next one does`() throws {
        let one = try Self.frame(1, [(alpha, 1, "a")])
        let two = try Self.frame(2, [(beta, 1, "b")])
        for place in one.indices {
            var flipped = one
            flipped[place] ^= 1 << (place % 8)
            let scan = JournalScan(flipped + two, after: 0)
            #expect(scan.logs[alpha] == nil && scan.logs[beta] != nil && scan.hasDamage, "byte \(place)")
        }
        for count in 0..<one.count {
            #expect(JournalScan(Array(one.prefix(count)), after: 0).frameCount == 0)
        }
    }

    @Test func `of an earlier lap does not count`() throws {
        let old = try Self.frame(3, [(alpha, 3, "old, and longer than the new one")])
        let older = try Self.frame(4, [(alpha, 4, "old")])
        let new = try Self.frame(5, [(beta, 1, "new")])
        let scan = JournalScan(new + (old + older).dropFirst(new.count), after: 4)
        #expect(scan.last == 5 && scan.logs[alpha] == nil && !scan.hasDamage)
    }
}
