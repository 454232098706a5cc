package import Vocabulary

/// Why a request was not done, as the daemon says it and as its client hears it.
///
///     {"code": 2, "message": "agent c0ffee has a turn", "kind": "busy", "hint": "…"}
package struct RPCError: Error, Hashable, Sendable {
    /// The number on the wire.
    package enum Code: Int64, CaseIterable, Sendable {
        case notFound = 1
        /// A request that cannot be understood, or that does not fit the state things are in.
        case invalid = 2
        /// The daemon failed at it.
        case fault = 3
        case unknownMethod = 4
    }

    package let code: Code
    /// For people: lower case, no full stop.
    package let message: String
    /// A finer word than the number, as `busy`, where there is one.
    package let kind: String?
    /// What to do about it.
    package let hint: String?

    package init(_ code: Code, _ message: String, kind: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.kind = kind
        self.hint = hint
    }

    /// The request itself is wrong.
    package static func invalid(_ message: String, hint: String? = nil) -> Self {
        Self(.invalid, message, hint: hint)
    }

    /// The daemon cannot do it now, and may be asked again later.
    package static func unavailable(_ message: String) -> Self {
        Self(.fault, message, kind: "unavailable")
    }

    package static func unknownMethod(_ name: String) -> Self {
        Self(.unknownMethod, "no method is called \(name.quotedForPeople())")
    }
}

extension RPCError: CustomStringConvertible {
    package var description: String { self.message }
}

extension RPCError {
    package var json: JSONObject {
        var object: JSONObject = ["code": .integer(self.code.rawValue), "message": .string(self.message)]
        if let kind { object["kind"] = .string(kind) }
        if let hint { object["hint"] = .string(hint) }
        return object
    }

    /// Reads what a daemon wrote; a number of a newer one counts as a fault. `nil` for anything else.
    package init?(_ json: JSONValue) {
        guard let number = json["code"]?.integer, let message = json["message"]?.string else { return nil }
        self.init(
            Code(rawValue: number) ?? .fault, message, kind: json["kind"]?.string, hint: json["hint"]?.string)
    }
}
