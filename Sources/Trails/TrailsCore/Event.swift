package import Vocabulary

extension ProcessTree {
    /// What was recorded. Replaying the events in order gives the tree.
    package enum Event: Codable, Hashable, Sendable {
        case declared(AppFacts, by: AppID?, at: Timestamp, deadline: Timestamp)
        /// An app was named as a parent and nothing else is known of it.
        case expected(AppFacts, at: Timestamp)
        case registered(Registered)
        case returned(Returned)
        case reported(Report)
        case changed(Change)
        case detached(AppID, at: Timestamp, lease: Duration, until: Timestamp)
        case leaseExtended(AppID, until: Timestamp)
        /// Another than the app that holds it asked to be it.
        case enrolmentConflict(AppID, key: PublicKey?, at: Timestamp)
        case queued(Control)
        case answered(ControlAnswer)
        case cascadeStarted(Cascade)
        case cascadeLevelStarted(CascadeID, level: Int, deadline: Timestamp)
        case cascadeFinished(CascadeID, at: Timestamp)
        case fenced(AppID, by: CascadeID)
        case revoked(AppID, key: PublicKey?, reason: String, by: AppID?, at: Timestamp)
        case rekeyed(AppID, key: PublicKey, epoch: Int, by: AppID?, at: Timestamp)
        /// From now on the key of an app may be used from these addresses only; from anywhere, when there are none.
        case bound(AppID, [AddressRange], by: AppID?, at: Timestamp)
        /// The server started: who was connected is reconnecting, and no deadline is nearer than `until`.
        case started(instance: String, at: Timestamp, until: Timestamp)
    }

    /// An app was registered: for the first time, or as a new incarnation.
    package struct Registered: Codable, Hashable, Sendable {
        package let app: AppID
        /// What is known of it now; `nil` when that is what was known before.
        package let facts: AppFacts?
        package let key: PublicKey?
        package let claimedKey: PublicKey?
        package let incarnation: Int
        package let sessionEpoch: Int
        package let presence: Presence
        package let process: String?
        package let lease: Duration?
        package let deadline: Timestamp?
        package let at: Timestamp
    }

    /// An app is back with the key it had.
    package struct Returned: Codable, Hashable, Sendable {
        package let app: AppID
        package let sessionEpoch: Int
        package let status: AppStatus
        /// Since when it was out of reach.
        package let gapSince: Timestamp
        /// When it is given up, should a cancel that has passed over it find no answer.
        package let deadline: Timestamp?
        package let at: Timestamp
    }

    /// An app became something else.
    package struct Change: Codable, Hashable, Sendable {
        package let app: AppID
        package let happening: Lifecycle.Happening
        package let status: AppStatus
        package let cause: Cause?
        package let deadline: Timestamp?
        package let at: Timestamp
    }
}

extension ProcessTree.Event {
    /// The app it is about; `nil` for the server's own.
    package var app: AppID? {
        switch self {
        case .declared(let facts, _, _, _), .expected(let facts, _): facts.id
        case .registered(let registered): registered.app
        case .returned(let returned): returned.app
        case .reported(let report): report.app
        case .changed(let change): change.app
        case .detached(let app, _, _, _), .leaseExtended(let app, _), .enrolmentConflict(let app, _, _): app
        case .queued(let control): control.app
        case .answered(let answer): answer.app
        case .cascadeStarted(let cascade): cascade.target
        case .fenced(let app, _), .revoked(let app, _, _, _, _), .rekeyed(let app, _, _, _, _),
            .bound(let app, _, _, _):
            app
        case .cascadeLevelStarted, .cascadeFinished, .started: nil
        }
    }

    /// The cancel it is about, where there is one.
    package var cascade: CascadeID? {
        switch self {
        case .cascadeStarted(let cascade): cascade.id
        case .cascadeLevelStarted(let id, _, _), .cascadeFinished(let id, _): id
        default: nil
        }
    }
}

/// What the world must be told once an event is safe. May be carried out twice.
package enum Effect: Hashable, Sendable {
    /// From now on only this session speaks for the app; older ones are told and closed.
    case bind(AppID, session: Int)
    /// To the app's connection, if it has one.
    case deliver(Control)
    /// Every connection of the app is closed: its key is worth nothing any more.
    case expel(AppID)
    /// So is one from where its key may be used no longer.
    case confine(AppID)
    /// Ask again, with `Command.wake`, at that time or a little later.
    case wake(Alarm, at: Timestamp)
}
