import Testing

@testable import ModelClient

@Suite struct ServerSentEventsTests {
    private func events(_ bytes: [UInt8], cut: Int) throws -> [ServerSentEvents.Event] {
        var reader = ServerSentEvents(lineMax: 100)
        var events = try reader.take(bytes[..<cut])
        events += try reader.take(bytes[cut...])
        if let last = try reader.finish() { events.append(last) }
        return events
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `reads the same wherever it is cut`(end: String) throws {
        let text = "\u{FEFF}: hello|data: {\"a\":|data: 1}|id: 3|retry: 5||event: error|data:no|||data|data|"
            .replacing("|", with: end)
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let events = try self.events(bytes, cut: cut)
            #expect(
                events == [
                    .init(data: "{\"a\":\n1}"), .init(name: "error", data: "no"), .init(data: ""),
                ], "cut at \(cut)")
        }
    }

    @Test func `takes a last event that nobody ended`() throws {
        #expect(try self.events(Array("data: x".utf8), cut: 3) == [.init(data: "x")])
        #expect(try self.events(Array("data: x\n\n".utf8), cut: 3) == [.init(data: "x")])
    }

    @Test(arguments: [
        ("{\"error\":1}\n", ChatError.Code.broken), ("<html>\n", .broken),
        ("data: " + String(repeating: "x", count: 95), .tooLarge),
    ])
    func `refuses what is no event`(text: String, code: ChatError.Code) {
        var reader = ServerSentEvents(lineMax: 100)
        let error = #expect(throws: ChatError.self) { try reader.take(text.utf8) }
        #expect(error?.code == code)
    }

    @Test func `refuses what is not UTF-8`() {
        var reader = ServerSentEvents(lineMax: 100)
        let error = #expect(throws: ChatError.self) { try reader.take([0x64, 0xFF, 0x0A]) }
        #expect(error?.message == "the answer cannot be read: it is not UTF-8")
    }
}
