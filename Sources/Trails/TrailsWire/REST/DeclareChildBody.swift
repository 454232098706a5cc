package import TrailsCore
package import Vocabulary

/// `POST /children`: a parent, or an ancestor of it, announces a child.
package struct DeclareChildBody: WireRecord {
    package var appID: AppID
    package var parentID: AppID?
    package var appName: String
    package var startDeadline: Duration
    package var level: SecurityLevel
    package var scheduledAt: Timestamp
    package var tags: JSONObject
    package var roleRefs: [String]
    package var declaration: SignedDeclaration

    /// Takes from the declaration what is said in both.
    package init(_ declaration: SignedDeclaration, appName: String, tags: JSONObject = [:]) {
        let content = declaration.declaration
        self.appID = content.appID
        self.parentID = content.parentID
        self.appName = appName
        self.startDeadline = content.startDeadline
        self.level = content.level
        self.scheduledAt = content.scheduledAt
        self.tags = tags
        self.roleRefs = content.roleRefs
        self.declaration = declaration
    }
}

extension DeclareChildBody {
    /// Refuses a body whose members say something else than the declaration in it.
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            try fields.need("declaration", .record(SignedDeclaration.self)),
            appName: try fields.need("appName", .name),
            tags: try fields.find("tags", .labels) ?? [:])
        try Self.check("appId", try fields.need("appId", .id4()), self.appID)
        try Self.check("parentId", try fields.find("parentId", .id()), self.parentID)
        try Self.check("secLevel", try fields.need("secLevel", .word(SecurityLevel.self)), self.level)
        try Self.check("scheduledAt", try fields.need("scheduledAt", .moment), self.scheduledAt)
        try Self.check(
            "startDeadline", try fields.find("startDeadline", .startDeadline) ?? self.startDeadline, self.startDeadline)
        try Self.check("roleRefs", try fields.find("roleRefs", .symbols) ?? self.roleRefs, self.roleRefs)
    }

    private static func check<Value: Equatable>(
        _ name: String, _ value: Value, _ declared: Value
    ) throws(FrameError) {
        guard value == declared else { throw FrameError(.badMessage, field: name, "is not what the declaration says") }
    }

    package var members: JSONObject {
        .of(
            ("appId", self.appID), ("parentId", self.parentID ?? JSONValue.null), ("appName", self.appName),
            ("startDeadline", self.startDeadline), ("secLevel", self.level), ("scheduledAt", self.scheduledAt),
            ("tags", self.tags), ("roleRefs", self.roleRefs), ("declaration", self.declaration.json))
    }
}
