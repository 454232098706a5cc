import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@testable import TrailsCommands

@Suite struct `What people type` {
    @Test(arguments: [
        ("5b1a", "5b1a"), ("5B1AE746", "5b1ae746"), ("5b1ae746-", "5b1ae746"), ("5b1ae74611d3", "5b1ae746-11d3"),
        ("5b1ae746-11d3-479", "5b1ae746-11d3-479"),
    ])
    func `is the beginning of an id`(text: String, prefix: String) throws {
        #expect(try AppArgument(argument: text).parsed() == .prefix(prefix))
    }

    @Test func `is a whole id`() throws {
        let text = "5b1ae746-11d3-479c-9ef7-4082ad1a8f99"
        #expect(try AppArgument(argument: text.uppercased()).parsed() == .id(try #require(AppID(text))))
    }

    @Test(arguments: ["", "5b1", "5-b1a", "xyzt", "5b1ae7461-1d3", "*", "5b1ae746 "])
    func `is no id`(text: String) {
        #expect(throws: CommandFailure.self) { try AppArgument(argument: text).parsed() }
    }

    @Test(arguments: [("7200", 7_200), ("24h", 86_400), ("1h30m", 5_400), ("30d", 2_592_000)])
    func `is a duration`(text: String, seconds: Int) {
        #expect(DurationArgument(argument: text)?.value == .seconds(seconds))
    }

    @Test(arguments: ["", "-1", "1.5h", "h", "soon"])
    func `is no duration`(text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }

    @Test(arguments: ["2026-02-30", "2026-2-3", "2026-13-01", "yesterday", "", "2026-02-26x"])
    func `is no day`(text: String) {
        #expect(LocalTime.day(text, now: .now()) == nil)
    }

    @Test func `is a day, from midnight to midnight`() throws {
        let day = try #require(LocalTime.day("2026-02-26", now: .now()))
        #expect(LocalTime.minute(day.lowerBound) == "2026-02-26 00:00")
        #expect(LocalTime.minute(day.upperBound) == "2026-02-27 00:00")
        #expect(try #require(LocalTime.day("today", now: day.lowerBound)) == day)
    }

    @Test func `is a recovery code, as it is read from paper`() throws {
        let code = RecoveryCode.random()
        let sloppy = code.secretText.lowercased().replacing("-", with: " ").replacing("0", with: "o")
            .replacing("1", with: "l")
        #expect(RecoveryCode(sloppy) == code)
        #expect(try #require(RecoveryCode(sloppy)).key == code.key)
        #expect(!"\(code)".contains(code.secretText))
        #expect(RecoveryCode(String(code.secretText.dropLast())) == nil)
        #expect(RecoveryCode(code.secretText + "U") == nil)
        #expect(RecoveryCode("") == nil)
    }
}

@Suite struct `How a command ends` {
    @Test(
        arguments: [
            (ErrorCode.unknownApp, 64), (.badMessage, 65), (.conflict, 65), (.tooLarge, 65), (.storeUnavailable, 69),
            (.serverDraining, 69), (.queueFull, 75), (.rateLimited, 75), (.notAuthorized, 77), (.badSignature, 77),
            (.keyMismatch, 77), (.revoked, 77), (.stale, 77), (.cancelling, 4),
        ] as [(ErrorCode, Int32)])
    func `when the server says no`(code: ErrorCode, exitCode: Int32) {
        let error = TrailsError(refused: Problem(code, "no"))
        #expect(error.exitCode == exitCode)
        #expect(CommandFailure(error).exitCode == exitCode)
    }

    @Test(
        arguments: [
            (AppStatus.done, 0), (.error, 1), (.crashed, 2), (.startFailed, 2), (.lostContact, 2), (.cancelled, 4),
            (.forceKilled, 4),
        ] as [(AppStatus, Int32)])
    func `when the app it waited for has ended`(status: AppStatus, exitCode: Int32) throws {
        #expect(try #require(WaitOutcome(Sample.app("x", status: status))).exitCode == exitCode)
    }

    @Test(arguments: [AppStatus.scheduled, .connected, .running, .reconnecting])
    func `not before that`(status: AppStatus) {
        #expect(WaitOutcome(Sample.app("x", status: status)) == nil)
    }
}
