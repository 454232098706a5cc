package import AgentCore
package import Vocabulary

/// The rule for names of workspaces, which are names of folders too.
package enum WorkspaceLabel {
    package static let lengthMax = 64

    /// Whether a workspace may be called `text`: letters, digits, `_` and `-`, beginning with a letter or a digit.
    package static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...self.lengthMax).contains(bytes.count), let first = bytes.first, self.isPlain(first) else {
            return false
        }
        let isSpelled = bytes.allSatisfy { self.isPlain($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        return isSpelled && !["USER", "SYSTEM"].contains(text.uppercased())
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

/// Which workspace: that of this name, made by this agent or by the operator (the scope).
package struct WorkspaceKey: Hashable, Comparable, Sendable {
    package let scope: AgentID
    package let name: String

    package init(scope: AgentID, name: String) {
        self.scope = scope
        self.name = name
    }

    /// As in `agent.created`: `[scope hex, name]`.
    package var json: JSONValue { [.string(self.scope.hex), .string(self.name)] }

    /// Reads what `json` writes; `nil` for anything else.
    package init?(_ json: JSONValue?) {
        guard let parts = json?.array, parts.count == 2,
            let scope = parts[0].string.flatMap(AgentID.init(hexOrDashed:)),
            let name = parts[1].string, WorkspaceLabel.isValid(name)
        else { return nil }
        self.init(scope: scope, name: name)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.scope.hex, left.name) < (right.scope.hex, right.name)
    }
}

extension WorkspaceKey: CustomStringConvertible {
    /// For people: `USER/data`, `3f2a…/data`.
    package var description: String {
        let scope = self.scope == .user ? "USER" : self.scope == .system ? "SYSTEM" : self.scope.hex
        return "\(scope)/\(self.name)"
    }
}

/// What an agent calls a workspace.
///
///     ws          its own
///     child/ws    of a child
///     ../ws       of its parent; of the operator, for a root
package enum WorkspaceReference: Hashable, Sendable {
    case own(String)
    case child(String, String)
    case above(String)

    package init(_ text: String) throws(WorkspaceRefusal) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let name = parts.last, WorkspaceLabel.isValid(name) else { throw .badReference(text) }
        switch parts.count == 2 ? parts[0] : nil {
        case nil: self = .own(name)
        case "..": self = .above(name)
        case let child? where AgentLabel.isValid(child): self = .child(child, name)
        default: throw .badReference(text)
        }
    }
}
