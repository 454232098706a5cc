package import TrailsCore
package import Vocabulary

/// Where the tree is kept: one protocol, several engines, one conformance suite.
///
/// The writing half belongs to one thread. It gathers many commands into one transaction: `begin`, any number of
/// `record` and look-ups (which see what was recorded), `commit`. When `commit` returns, all of it survives a power
/// cut. When anything throws, the transaction is gone or its fate unknown: the caller drops what it holds in memory
/// and starts again from `load`.
package protocol TrailsStore: AnyObject, Sendable {
    associatedtype Reader: TrailsReader

    /// Reads beside the writer, from any thread.
    var reader: Reader { get }

    func begin() throws(StoreError)
    /// Appends events, each with the next event id, and returns the first of their ids. A `reported` event becomes a
    /// row of `messages`, any other a row of `events`; queue and cascade rows follow from them.
    func record(_ events: [ProcessTree.Event], at now: Timestamp) throws(StoreError) -> EventID
    /// Writes the fold of apps that changed: once a transaction for each, whatever happened to it.
    func save(_ states: [AppState]) throws(StoreError)
    /// Writes how far a cancel has come.
    func save(_ cascade: CascadeState) throws(StoreError)
    /// Marks a nonce as used, in the transaction of what it allowed; `false` when it was used before.
    func spend(_ nonce: [UInt8], of key: PublicKey, at now: Timestamp) throws(StoreError) -> Bool
    /// Forgets the nonces used before `moment`.
    func forgetNonces(before moment: Timestamp) throws(StoreError)
    /// Makes everything since `begin` durable.
    func commit() throws(StoreError)
    /// Drops everything since `begin`; never throws, for it is what follows a throw.
    func rollback()

    /// One app, with its waiting commands and its cancels; without its `sequence`.
    func state(of app: AppID) throws(StoreError) -> AppState?
    /// Which numbers of an incarnation are stored.
    func sequence(of app: AppID, incarnation: Int) throws(StoreError) -> SequenceSet
    /// The message stored under a number.
    func report(of app: AppID, incarnation: Int, seq: Int64) throws(StoreError) -> Report?
    /// The message stored under an id that its sender made.
    func report(_ message: MessageID) throws(StoreError) -> StoredReport?
    /// Whether a command to `app` is known and no longer waits for its answer.
    func isAnswered(_ control: CorrelationID, by app: AppID) throws(StoreError) -> Bool
    /// Whether `key` was once revoked as that of `app`.
    func wasRevoked(_ key: PublicKey, of app: AppID) throws(StoreError) -> Bool
    /// Whom a command was queued for, or one of those when it was for a subtree; `nil` when no such command is known,
    /// answered or not.
    func recipient(ofCommand origin: CorrelationID) throws(StoreError) -> AppID?
    /// Whether a cancel, finished or not, is known.
    func cascade(_ id: CascadeID) throws(StoreError) -> CascadeState?
    /// The newest finished cancel of a subtree that `app` is in, below its top, given after `moment`.
    func pastCancel(over app: AppID, since moment: Timestamp) throws(StoreError) -> Cascade?
    /// Which of these apps, and of what is below them, carry all of the `tags` (a JSON object).
    func apps(under root: AppID, matching tags: JSONValue) throws(StoreError) -> Set<AppID>
    /// Adds to `tree`, which is empty, what a start needs: every live app and its ancestors, and the cancels that are
    /// not finished. Hands back the commands that wait for nobody of these: they expire all the same.
    func load(into tree: inout ProcessTree) throws(StoreError) -> [Control]

    func close()
}

/// The place of an event in the one order of all events and messages; from 1.
package struct EventID: Hashable, Sendable, Codable {
    package let number: Int64

    package init(_ number: Int64) {
        self.number = number
    }
}

extension EventID: Comparable {
    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    package static func + (left: Self, right: Int64) -> Self { Self(left.number + right) }
}

/// Reads for people and watchers. Every call sees one commit, whole.
package protocol TrailsReader: Sendable {
    func app(_ id: AppID) async throws(StoreError) -> StoredApp?
    /// Whether `ancestor` is `app`, or above it, and the key is the one it has now: the question of authority.
    func standing(of ancestor: AppID, key: PublicKey, to app: AppID) async throws(StoreError) -> StoredStanding
    /// Apps below `root` (and `root` itself if asked): each before what is below it, and those with one parent by
    /// `scheduledAt`, then id.
    func apps(_ query: AppQuery) async throws(StoreError) -> StoredPage<StoredApp>
    func messages(_ query: MessageQuery) async throws(StoreError) -> StoredPage<StoredReport>
    func latestStatus(of app: AppID) async throws(StoreError) -> StoredReport?
    /// Events and messages of a subtree in their one order, after `cursor`: what a watcher missed.
    func history(under root: AppID, scope: HistoryScope, after: EventID, limit: Int) async throws(StoreError)
        -> [StoredEvent]
    /// The last event id that is committed, and the first that is still kept.
    func bounds() async throws(StoreError) -> (first: EventID, last: EventID)
    func cascade(_ id: CascadeID) async throws(StoreError) -> StoredCascade?
    func controls(origin: CorrelationID) async throws(StoreError) -> [StoredControl]
    func liveDescendants(of app: AppID) async throws(StoreError) -> Int
    /// Apps whose id starts with hex digits, among `root` and what is below it.
    func apps(withPrefix prefix: String, under root: AppID, limit: Int) async throws(StoreError) -> [AppID]
    /// The keys and the fence of an app, for checks before a command is queued.
    func state(of app: AppID) async throws(StoreError) -> AppState?
    /// Replays all events and compares them with the rows (spec/trails.md §15).
    func check(limits: TreeLimits) async throws(StoreError) -> CheckReport
}

/// How a key stands to an app, as the store has it.
package enum StoredStanding: Hashable, Sendable {
    /// The app that was to be looked at, or the one that asks, is not known.
    case unknown
    case revoked
    case keyMismatch
    case itself, ancestor, stranger
}

/// An app and what its newest messages say.
package struct StoredApp: Sendable {
    package var state: AppState
    package var progress: Double?
    package var note: String?
    /// Of its newest Error.
    package var message: String?
    /// JSON text of its newest Result.
    package var result: String?
    package var lastSeq: Int64

    package init(
        state: AppState, progress: Double? = nil, note: String? = nil, message: String? = nil, result: String? = nil,
        lastSeq: Int64
    ) {
        self.state = state
        self.progress = progress
        self.note = note
        self.message = message
        self.result = result
        self.lastSeq = lastSeq
    }
}

package struct AppQuery: Hashable, Sendable {
    package var root: AppID
    package var includesRoot = false
    /// `false`: direct children only.
    package var isRecursive = false
    package var statuses: Set<AppStatus>?
    package var name: String?
    package var tag: [String: String] = [:]
    /// By `scheduledAt`.
    package var since: Timestamp?
    package var until: Timestamp?
    package var cursor: String?
    package var limit = 100

    package init(root: AppID) {
        self.root = root
    }
}

package struct MessageQuery: Hashable, Sendable {
    package var app: AppID
    package var kind: MessageKind?
    package var after: EventID?
    package var limit = 100

    package init(app: AppID) {
        self.app = app
    }
}

/// A page of a list, and where the next one begins; `nil` at the end.
package struct StoredPage<Item: Sendable>: Sendable {
    package var items: [Item]
    package var cursor: String?

    package init(items: [Item], cursor: String?) {
        self.items = items
        self.cursor = cursor
    }
}

package struct StoredReport: Sendable {
    package var id: EventID
    package var report: Report

    package init(id: EventID, report: Report) {
        self.id = id
        self.report = report
    }
}

package struct StoredEvent: Sendable {
    package var id: EventID
    package var at: Timestamp
    /// Whose history it is part of: for a step of a cancel the app at the top of it. `nil` is the server's own.
    package var app: AppID?
    package var event: ProcessTree.Event

    package init(id: EventID, at: Timestamp, app: AppID?, event: ProcessTree.Event) {
        self.id = id
        self.at = at
        self.app = app
        self.event = event
    }
}

/// Whose history is asked for.
package enum HistoryScope: Hashable, Sendable {
    case app, children, subtree
}

package struct StoredCascade: Sendable {
    package var state: CascadeState
    package var members: [AppID: AppStatus]

    package init(state: CascadeState, members: [AppID: AppStatus]) {
        self.state = state
        self.members = members
    }
}

package struct StoredControl: Sendable {
    package var control: Control
    package var answer: ControlAnswer?

    package init(control: Control, answer: ControlAnswer?) {
        self.control = control
        self.answer = answer
    }
}

/// What `trailsd check` found.
package struct CheckReport: Sendable {
    package var apps = 0
    package var events = 0
    package var messages = 0
    /// One line for each promise that does not hold; empty is clean.
    package var violations: [String] = []

    package init() {}
}

/// Why the store did not do what it was asked.
package struct StoreError: Error, Sendable {
    /// What kind of failure; may grow.
    package struct Code: Hashable, Sendable {
        private enum Kind: Hashable, Sendable { case unavailable, full, corrupt, newer, locked, conflict }
        private let kind: Kind

        package static let unavailable = Self(kind: .unavailable)
        package static let full = Self(kind: .full)
        package static let corrupt = Self(kind: .corrupt)
        package static let newer = Self(kind: .newer)
        package static let locked = Self(kind: .locked)
        /// What was to be recorded contradicts what is: a number or an identifier is taken.
        package static let conflict = Self(kind: .conflict)
    }

    package let code: Code
    package let message: String
    package let hint: String?

    package init(code: Code, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
