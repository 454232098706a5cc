public import TrailsCore
public import Vocabulary

/// What a parent tells its child in the environment variable `TRAILS_INFO`: who it is and whom to report to.
///
/// Base64 of one JSON object (spec/trails.md §2). A process that has it *is* that app. It holds a secret, the
/// enrolment seed; printing a value does not show that.
public struct TrailsInfo: Hashable, Sendable {
    /// The name of the environment variable.
    public static let variable = "TRAILS_INFO"
    /// The name of the variable with the id of an app that another process speaks for already, as `trails exec` does
    /// for its program: who finds that app in `TRAILS_INFO` reports as it by REST, or becomes a child of it.
    package static let heldVariable = "TRAILS_HELD"
    /// The protocol version spoken here.
    public static let version: Int64 = 1

    /// The address that the parent gave it, for all its incarnations.
    public var appID: AppID
    /// `nil` for a root.
    public var parentID: AppID?
    /// A label for people; two apps may share one.
    public var appName: String
    /// Whom to report to.
    public var server: ServerEndpoint
    /// Pins the server. There is always one above `open`.
    public var serverKey: PublicKey?
    /// What it must do at least; a client never falls back.
    public var level: SecurityLevel
    /// By the parent's clock; no deadline runs on it.
    public var scheduledAt: Timestamp
    /// How soon it must register, before it counts as never started.
    public var startDeadline: Duration
    /// Told for information: the server copies its own from the parent.
    public var originator: Originator?
    /// By which role grants it may be reached; a child inherits and may extend them.
    public var roleRefs: [String]
    /// Free labels that `send --filter` and lists look at.
    public var tags: JSONObject
    package var enrolment: Enrolment?
    /// Nearest first.
    package var ancestors: [Ancestor]
    /// The W3C trace context of the one who started this.
    public var traceparent: String?
    /// Members that this version does not know, kept as they came.
    public var others: JSONObject

    package init(
        appID: AppID, parentID: AppID?, appName: String, server: ServerEndpoint, serverKey: PublicKey?,
        level: SecurityLevel, scheduledAt: Timestamp, startDeadline: Duration = WireLimits.startDeadlineDefault,
        originator: Originator? = nil, roleRefs: [String] = [], tags: JSONObject = [:], enrolment: Enrolment? = nil,
        ancestors: [Ancestor] = [], traceparent: String? = nil, others: JSONObject = [:]
    ) {
        self.appID = appID
        self.parentID = parentID
        self.appName = appName
        self.server = server
        self.serverKey = serverKey
        self.level = level
        self.scheduledAt = scheduledAt
        self.startDeadline = startDeadline
        self.originator = originator
        self.roleRefs = roleRefs
        self.tags = tags
        self.enrolment = enrolment
        self.ancestors = ancestors
        self.traceparent = traceparent
        self.others = others
    }
}

/// The human behind a root.
public struct Originator: Hashable, Sendable {
    /// The subject, as the identity provider names it.
    public var subject: String
    /// What the provider says the subject belongs to.
    public var groups: [String]

    public init(subject: String, groups: [String] = []) {
        self.subject = subject
        self.groups = groups
    }
}

/// Why `TRAILS_INFO` cannot be used: the field, what is wrong with it, and what to do.
public struct TrailsInfoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field as in the JSON, or `nil` when it is the whole.
    public let field: String?
    /// Lower case, no full stop.
    public let message: String
    /// What to do about it.
    public let hint: String

    public var description: String { "\(self.message) (hint: \(self.hint))" }
}
