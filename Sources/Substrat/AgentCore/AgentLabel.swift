import Vocabulary

/// The rule for names of agents, which people and agents type, and which are joined by `/` into paths.
package enum AgentLabel {
    package static let lengthMax = 64

    /// Whether a new agent may be called `text`. Old logs may hold others, and those are kept.
    package static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...self.lengthMax).contains(bytes.count), bytes.allSatisfy(self.isAllowed) else { return false }
        guard !["USER", "SYSTEM"].contains(text.uppercased()), text != ".", text != ".." else { return false }
        return AgentID(hexOrDashed: text) == nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
