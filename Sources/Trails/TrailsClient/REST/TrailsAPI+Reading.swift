package import TrailsCore
package import TrailsWire
package import Vocabulary

/// What a caller may read: itself and what is below it.
extension TrailsAPI {
    package func app(_ id: AppID, as credentials: Credentials) async throws(TrailsError) -> AppView {
        try await self.call("GET", "/apps/\(id)", as: credentials, answer: AppView.self)
    }

    /// Apps of the caller's subtree whose id begins with these hex digits (and hyphens), itself too.
    package func apps(idPrefix: String, as credentials: Credentials) async throws(TrailsError) -> [AppView] {
        try await self.pages("/apps", Query(("idPrefix", idPrefix), ("limit", "100")), as: credentials)
    }

    /// The children of an app, or all below it; in the order in which they were made.
    package func children(
        of id: AppID, recursive: Bool = false, status: AppStatus? = nil, since: Timestamp? = nil,
        until: Timestamp? = nil, as credentials: Credentials
    ) async throws(TrailsError) -> [AppView] {
        let query = Query(
            ("recursive", recursive ? "true" : nil), ("status", status?.rawValue),
            ("since", since.map { String($0.milliseconds) }), ("until", until.map { String($0.milliseconds) }),
            ("limit", String(WireLimits.pageMax)))
        return try await self.pages("/apps/\(id)/children", query, as: credentials)
    }

    /// An app and all below it.
    package func subtree(of id: AppID, as credentials: Credentials) async throws(TrailsError) -> [AppView] {
        let top = try await self.app(id, as: credentials)
        return [top] + (try await self.children(of: id, recursive: true, as: credentials))
    }

    package func messages(
        of id: AppID, kind: MessageKind? = nil, after: Int64? = nil, as credentials: Credentials
    ) async throws(TrailsError) -> [MessageView] {
        let query = Query(("type", kind?.rawValue), ("after", after.map(String.init)))
        return try await self.pages("/apps/\(id)/messages", query, goingOnBy: "after", as: credentials)
    }

    package func events(
        of id: AppID, after: Int64? = nil, as credentials: Credentials
    ) async throws(TrailsError) -> [EventView] {
        let query = Query(("after", after.map(String.init)))
        return try await self.pages("/apps/\(id)/events", query, goingOnBy: "after", as: credentials)
    }

    package func crashes(since: Timestamp? = nil, as credentials: Credentials) async throws(TrailsError) -> [AppView] {
        try await self.pages("/crashes", Query(("since", since.map { String($0.milliseconds) })), as: credentials)
    }

    package func cascade(_ id: CascadeID, as credentials: Credentials) async throws(TrailsError) -> CascadeView {
        try await self.call("GET", "/cascades/\(id)", as: credentials, answer: CascadeView.self)
    }

    /// What became of a command.
    package func control(_ id: CorrelationID, as credentials: Credentials) async throws(TrailsError) -> ControlView {
        try await self.call("GET", "/controls/\(id)", as: credentials, answer: ControlView.self)
    }

    /// All pages of a list.
    private func pages<Item: WireRecord>(
        _ path: String, _ query: Query, goingOnBy name: String = "cursor", as credentials: Credentials
    ) async throws(TrailsError) -> [Item] {
        var items: [Item] = []
        var cursor: String?
        repeat {
            let page = try await self.call(
                "GET", path + query.with(name, cursor).text, as: credentials, answer: Page<Item>.self)
            items += page.items
            cursor = page.items.isEmpty ? nil : page.cursor
        } while cursor != nil
        return items
    }
}

/// The part of a path from the question mark on.
struct Query {
    private var members: [(name: String, value: String)]

    /// Members without a value are left out.
    init(_ members: (String, String?)...) {
        self.members = members.compactMap { name, value in value.map { (name, $0) } }
    }

    func with(_ name: String, _ value: String?) -> Query {
        var query = self
        if value != nil { query.members.removeAll { $0.name == name } }
        if let value { query.members.append((name, value)) }
        return query
    }

    var text: String {
        guard !self.members.isEmpty else { return "" }
        return "?" + self.members.map { "\($0.name)=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    /// Percent-encodes all but what RFC 3986 calls unreserved.
    static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            let character = Character(Unicode.Scalar(byte))
            let isUnreserved = character.isASCII && (character.isLetter || character.isNumber)
            let isKept = isUnreserved || "-._~".contains(character)
            encoded += isKept ? "\(character)" : "%\(Hex.encode([byte]).uppercased())"
        }
    }
}
