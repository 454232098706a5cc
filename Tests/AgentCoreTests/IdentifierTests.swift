import AgentCore
import Testing
import Vocabulary

@Suite struct `Identifiers of agents` {
    @Test func `are 32 hex digits on disk and read in both forms`() {
        let id = AgentID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)
        #expect(id.hex == "0123456789abcdeffedcba9876543210")
        #expect(AgentID(hexOrDashed: id.hex) == id)
        #expect(AgentID(hexOrDashed: id.description) == id)
        #expect(AgentID(hexOrDashed: String(id.hex.dropLast())) == nil)
        #expect(AgentID(hexOrDashed: "0123456789abcdefxxdcba9876543210") == nil)
    }

    @Test func `name logs by session and by operator`() {
        let log = LogName.session(SessionID(high: 1, low: 2))
        #expect(LogName(folder: log.folder) == log)
        #expect(LogName(folder: "user") == .user)
        #expect(LogName(folder: "USER") == nil)
        #expect(AgentID.user.hex == "00000000000000000000000000000001")
    }
}
