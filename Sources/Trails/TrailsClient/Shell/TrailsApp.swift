public import TrailsCore
import TrailsWire
public import Vocabulary

/// An app of the tree, as the server knew it when it was asked.
public struct TrailsApp: Hashable, Sendable {
    /// Its address.
    public let id: AppID
    /// `nil` for a root.
    public let parentID: AppID?
    /// Its label; not unique.
    public let name: String
    /// What is known of it.
    public let status: AppStatus
    /// Why it has its status, where there is more to say: `connection_drop`, `never_started` and so on.
    public let cause: String?
    /// From 0 to 1, from its latest Status.
    public let progress: Double?
    /// What it is at, from its latest Status.
    public let note: String?
    /// Of its Error.
    public let message: String?
    /// The payload of its latest Result.
    public let result: JSONValue?
    /// Its free labels.
    public let tags: JSONObject
    /// Whether a cancel is under way at it or above it.
    public let isCancelling: Bool

    init(_ view: AppView) {
        self.id = view.appID
        self.parentID = view.parentID
        self.name = view.appName
        self.status = view.status
        self.cause = view.cause
        self.progress = view.progress
        self.note = view.note
        self.message = view.message
        self.result = view.result
        self.tags = view.tags
        self.isCancelling = view.isCancelling
    }
}

/// How an app answered a command.
public struct TrailsAnswer: Hashable, Sendable {
    /// Who answered.
    public let app: AppID
    /// Whether it was carried out.
    public let outcome: AckOutcome
    /// What the handler returned.
    public let result: JSONValue?
    /// Why it was not carried out.
    public let error: String?

    init(_ answer: ControlView.Answer) {
        self.app = answer.appID
        self.outcome = answer.outcome
        self.result = answer.result
        self.error = answer.error
    }
}

/// How far a cancel has come.
public struct TrailsCascade: Hashable, Sendable {
    /// Names the cancel.
    public let id: CascadeID
    /// Whether nobody is waited for any more.
    public let isFinished: Bool
    /// How many apps it takes.
    public let total: Int
    /// How many have ended by it.
    public let cancelled: Int
    /// How many have not answered.
    public let pending: Int
    /// How many did not answer in their time.
    public let forceKilled: Int

    init(_ view: CascadeView) {
        self.id = view.cascadeID
        self.isFinished = view.state == .finished
        self.total = Int(view.total)
        self.cancelled = Int(view.cancelled)
        self.pending = Int(view.pending)
        self.forceKilled = Int(view.forceKilled)
    }
}
