import TestKit
import Testing
import Vocabulary

@Suite struct `A timestamp as text` {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_772_143_200_123, "2026-02-26T22:00:00.123Z"),
            (1_772_143_200_000, "2026-02-26T22:00:00Z"), (951_782_400_007, "2000-02-29T00:00:00.007Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59Z"), (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func `is RFC 3339 in UTC`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test func `goes through every day of eight centuries`() {
        var date = (year: 1600, month: 1, day: 1)
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        for day in -135_140..<157_054 {
            let text = Timestamp(milliseconds: Int64(day) * 86_400_000).description
            let (year, month, ofMonth) = date
            let expected = "\(year)-\(month < 10 ? "0" : "")\(month)-\(ofMonth < 10 ? "0" : "")\(ofMonth)T00:00:00Z"
            guard text == expected, Timestamp(text)?.milliseconds == Int64(day) * 86_400_000 else {
                Issue.record("\(text) should be \(expected)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            date.day += 1
            if date.day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) { date = (year, month + 1, 1) }
            if date.month == 13 { date = (year + 1, 1, 1) }
        }
        #expect(date == (2400, 1, 1))
    }

    @Test(arguments: [
        ("2026-02-26T23:30:00+01:30", "2026-02-26T22:00:00Z"), ("2026-02-26T14:00:00-08:00", "2026-02-26T22:00:00Z"),
        ("2026-02-26T22:00:00-00:00", "2026-02-26T22:00:00Z"), ("2026-02-26t22:00:00z", "2026-02-26T22:00:00Z"),
        ("2026-02-26T22:00:00.5Z", "2026-02-26T22:00:00.500Z"),
        ("2026-02-26T22:00:00.1239Z", "2026-02-26T22:00:00.123Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("2017-01-01T00:30:00+23:59", "2016-12-31T00:31:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"), ("2016-12-31T15:59:60.9-08:00", "2017-01-01T00:00:00Z"),
    ])
    func `is read with any offset`(text: String, utc: String) {
        #expect(Timestamp(text)?.description == utc)
    }

    @Test(arguments: [
        "", "2026-02-26", "2026-02-26T22:00:00", "2026-02-26 22:00:00Z", "2026-02-26T22:00Z", "2026-2-26T22:00:00Z",
        "2026-02-29T22:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-26T24:00:00Z", "2026-02-26T22:60:00Z",
        "2026-02-26T22:00:61Z", "2026-02-26T22:00:60Z", "2026-02-26T22:00:00.Z", "2026-02-26T22:00:00,5Z",
        "2026-02-26T22:00:00+24:00", "2026-02-26T22:00:00+01:60", "2026-02-26T22:00:00+0100", "2026-02-26T22:00:00Zx",
        " 2026-02-26T22:00:00Z", "+2026-02-26T22:00:00Z", "2026-02-26T22:00:0éZ",
    ])
    func `is not read from anything else`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `has a form for every moment there is`() {
        #expect(Timestamp(milliseconds: .max).description == "+292278994-08-17T07:12:55.807Z")
        #expect(Timestamp(milliseconds: .min).description == "-292275055-05-16T16:47:04.192Z")
        #expect(Timestamp(milliseconds: 253_402_300_800_000).description == "+010000-01-01T00:00:00Z")
    }

    @Test func `counts start days from 2025`() throws {
        func startDay(_ text: String) throws -> Int { try #require(Timestamp(text)).startDay }
        #expect(try startDay("2025-01-01T00:00:00Z") == 0)
        #expect(try startDay("2025-01-01T23:59:59.999Z") == 0)
        #expect(try startDay("2024-12-31T23:59:59.999Z") == -1)
        #expect(try startDay("2026-02-26T22:00:00.123Z") == 421)
        #expect(try startDay("2026-02-27T00:30:00+01:00") == 421)
    }
}

@Suite struct `A duration as text` {
    @Test(
        arguments: [
            ("30d", .seconds(2_592_000)), ("24h", .seconds(86_400)), ("90s", .seconds(90)), ("5m", .seconds(300)),
            ("250ms", .milliseconds(250)), ("300", .seconds(300)), ("0", .zero), ("1h 5m", .seconds(3_900)),
            ("1h5m", .seconds(3_900)), ("250 ms", .milliseconds(250)), ("1d 2h 3m 4s 5ms", .milliseconds(93_784_005)),
            ("36500d", Duration.parsedMax),
        ] as [(String, Duration)])
    func `is read as people type it`(text: String, duration: Duration) throws {
        #expect(try Duration(parsing: text) == duration)
    }

    @Test(arguments: [
        "", " ", "s", "h5", "5x", "5M", "-5m", "+5m", "1.5h", "5m1h", "5m 5m", "5m 300", "300 5m", " 5m", "5m ",
        "5m  3s", "300 ",
        "1e3", "0x10", "٣s", "5m\u{301}", "5 minutes",
    ])
    func `is not read from anything else`(text: String) throws {
        let error = try #require(throws: DurationRefusal.self) { try Duration(parsing: text) }
        #expect(error == .notADuration(text))
    }

    @Test(arguments: [
        "36501d", "36500d 1ms", "9223372036854775807ms", "9223372036854775807d", "99999999999999999999999s",
    ])
    func `has a limit`(text: String) throws {
        let error = try #require(throws: DurationRefusal.self) { try Duration(parsing: text) }
        #expect(error == .tooLong(text))
    }

    @Test func `is refused with words`() {
        #expect(DurationRefusal.notADuration("5 x").message == #""5 x" is not a duration"#)
        #expect(DurationRefusal.tooLong("40000d").message == #""40000d" is longer than a hundred years"#)
    }

    @Test(
        arguments: [
            (.seconds(86_400), "1d"), (.seconds(3_900), "1h 5m"), (.milliseconds(250), "250 ms"), (.zero, "0s"),
            (.milliseconds(2_500), "2s 500ms"), (.seconds(93_784), "1d 2h 3m 4s"), (.microseconds(80), "80 µs"),
            (.nanoseconds(12), "12 ns"), (.microseconds(1_999), "1 ms"), (.seconds(-3_900), "-1h 5m"),
            (.milliseconds(-250), "-250 ms"), (.seconds(Int64.max), "106751991167300d 15h 30m 7s"),
            (Duration(secondsComponent: 0, attosecondsComponent: 1), "0s"),
            (Duration(secondsComponent: 0, attosecondsComponent: -1), "0s"),
        ] as [(Duration, String)])
    func `is printed for people`(duration: Duration, text: String) {
        #expect(duration.humanText == text)
    }

    @Test func `is read back when it is whole milliseconds`() throws {
        var dice = SplitMix64(seed: 7)
        for _ in 0..<1_000 {
            let duration = Duration.milliseconds(
                Int64.random(in: 0...3_153_600_000_000, using: &dice) >> dice.pick(0..<40))
            #expect(try Duration(parsing: duration.humanText) == duration)
        }
    }
}

@Suite struct `A byte count` {
    @Test(
        arguments: [
            (.zero, "0 B"), (.bytes(512), "512 B"), (.bytes(1_023), "1023 B"), (.kibibytes(1), "1 KiB"),
            (.kibibytes(64), "64 KiB"),
            (.kibibytes(1_536), "1.5 MiB"), (.mebibytes(16), "16 MiB"), (.bytes(1_048_575), "1 MiB"),
            (.bytes(1_100), "1.1 KiB"),
            (.gibibytes(3), "3 GiB"), (.bytes(.max), "8 EiB"),
        ] as [(ByteCount, String)])
    func `is printed in the largest unit that fits`(count: ByteCount, text: String) {
        #expect(count.description == text)
    }

    @Test func `is added and compared`() {
        #expect(ByteCount.kibibytes(1) + .bytes(1) > .bytes(1_024))
        #expect(ByteCount.mebibytes(1) == .kibibytes(1_024))
    }
}

@Suite struct `Seeded dice` {
    /// From the reference code of S. Vigna for seed 1234567.
    @Test func `fall as in the reference`() {
        var dice = SplitMix64(seed: 1_234_567)
        let falls = (0..<5).map { _ in dice.next() }
        #expect(
            falls == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ])
    }

    @Test func `pick everything and take chances`() {
        var dice = SplitMix64(seed: 8)
        #expect(Set((0..<100).map { _ in dice.pick(1...4) }) == [1, 2, 3, 4])
        let hits = (0..<10_000).count { _ in dice.chance(0.25) }
        #expect((2_300...2_700).contains(hits))
        #expect(!(0..<1_000).contains { _ in dice.chance(0) })
        #expect((0..<1_000).allSatisfy { _ in dice.chance(1) })
    }
}
