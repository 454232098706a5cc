import AgentProtocols
import Testing

/// What agents' command lines print.
struct StreamTests {
    private func said(_ lines: [String]) -> (AgentStream, [String]) {
        var stream = AgentStream()
        let pieces = lines.compactMap { stream.take($0.utf8) }
        return (stream, pieces)
    }

    private static let cursor = [
        #"{"type":"system","subtype":"init","session_id":"c-1","model":"m"}"#,
        #"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"hi"}]},"session_id":"c-1"}"#,
        "Warning: something that is no JSON",
        #"{"type":"assistant","timestamp_ms":1,"message":{"content":[{"type":"text","text":"Hel"}]}}"#,
        #"{"type":"assistant","timestamp_ms":2,"message":{"content":[{"type":"text","text":"lo"}]}}"#,
        #"{"type":"assistant","message":{"content":[{"type":"text","text":"Hello!"}]}}"#,
        #"{"type":"result","subtype":"success","is_error":false,"result":"Hello!","session_id":"c-1"}"#,
    ]

    @Test
    func `pieces are told once, and the rest of the whole message`() throws {
        let (stream, pieces) = self.said(Self.cursor)
        #expect(pieces == ["Hel", "lo", "!"])
        #expect(stream.conversation == "c-1")
        #expect(stream.model == "m")
        #expect(try stream.end(code: 0, complaint: "").get() == "Hello!")
    }

    @Test
    func `messages that come whole are told whole, tools in between are not`() throws {
        let (stream, pieces) = self.said([
            #"{"type":"assistant","message":{"content":[{"type":"text","text":"A"},{"type":"tool_use","name":"t"}]}}"#,
            #"{"type":"stream_event","event":{"delta":{"type":"text_delta","text":"B"}}}"#,
            #"{"type":"assistant","message":{"content":"B"}}"#,
            #"{"type":"result","is_error":false}"#,
        ])
        #expect(pieces == ["A", "B"])
        #expect(try stream.end(code: 0, complaint: "").get() == "AB")
    }

    @Test
    func `what went wrong is said, with what had been said until then`() {
        func failure(_ lines: [String], _ code: Int32?, _ complaint: String = "") -> String? {
            guard case .failure(let failure) = self.said(lines).0.end(code: code, complaint: complaint) else {
                return nil
            }
            return "\(failure) after \(failure.partial)"
        }
        let start = Array(Self.cursor.prefix(4))
        #expect(failure(start, 0) == "it ended before its turn did after Hel")
        #expect(failure(start, nil) == "it was killed after Hel")
        #expect(failure(start, 1, "no such chat") == "it ended with 1: no such chat after Hel")
        #expect(failure(start + [#"{"type":"result","is_error":true,"result":"quota"}"#], 0) == "quota after Hel")
        #expect(failure(Self.cursor, 2) == "it ended with 2 after Hello!")
        #expect(failure(Self.cursor, 0) == nil)
    }

    @Test
    func `models are listed by id and label`() {
        let listing = ModelListing(
            parsing: "Available models\n\n  gpt-x - GPT X - fast\nauto - Auto\nTip: use --model <id> - now\n")
        #expect(listing.models.map(\.id) == ["gpt-x", "auto"])
        #expect(listing.models.map(\.label) == ["GPT X - fast", "Auto"])
    }
}
