package import Vocabulary

extension ProcessTree {
    /// Why the tree does not do what it was asked. Nothing was changed.
    package enum Refusal: Error, Hashable, Sendable {
        case unknownApp(AppID)
        case notAuthorized(AppID?, over: AppID)
        case keyMismatch(AppID)
        case unproven(AppID)
        case notEnrolled(AppID)
        case revoked(AppID)
        case cancelling(AppID, under: AppID)
        case superseded(AppID)
        case conflict(AppID, seq: Int64)
        case declaredDifferently(AppID)
        case levelTooLow(AppID, atLeast: SecurityLevel)
        case permanentRoot(AppID)
        case notLive(AppID, AppStatus)
        case notScheduled(AppID, AppStatus)
        case notRegistered(AppID)
        case detachedTarget(AppID)
        case queueFull(AppID, max: Int)
        case tooDeep(AppID, max: Int)
        case tooManyChildren(AppID, max: Int)
        case tooManyCascades(max: Int)
        case unknownControl(CorrelationID)
        /// The identifier is that of a command to others.
        case commandTaken(CorrelationID)
        case cyclic(AppID)
        /// The key is used from where it is not bound to.
        case elsewhere(AppID)
        /// Only the administrator may do that.
        case widening(AppID)
    }
}

extension ProcessTree.Refusal: CustomStringConvertible {
    /// One line for a person.
    package var description: String {
        switch self {
        case .unknownApp(let id): "no app \(id) is known"
        case .notAuthorized(let by?, let over): "app \(by.short) is not an ancestor of app \(over.short)"
        case .notAuthorized(nil, let over): "the administrator may not do this to app \(over.short)"
        case .keyMismatch(let id): "the key is not the one of app \(id.short)"
        case .unproven(let id): "app \(id.short) must sign, and did not"
        case .notEnrolled(let id): "nobody with authority has declared app \(id.short)"
        case .revoked(let id): "the key of app \(id.short) was revoked"
        case .cancelling(let id, let under) where id == under: "app \(id.short) was cancelled"
        case .cancelling(let id, let under): "app \(id.short) is under \(under.short), which was cancelled"
        case .superseded(let id): "a newer connection speaks for app \(id.short)"
        case .conflict(let id, let seq) where seq < 1 || seq == .max:
            "message \(seq) of app \(id.short) has no number that can be stored"
        case .conflict(let id, let seq): "message \(seq) of app \(id.short) is stored with other content"
        case .declaredDifferently(let id): "app \(id.short) is declared with other facts"
        case .levelTooLow(let id, let level): "app \(id.short) needs security level \(level.rawValue) or more"
        case .permanentRoot: "a permanent root has no end"
        case .notLive(let id, let status): "app \(id.short) has ended (\(status.rawValue))"
        case .notScheduled(let id, let status): "app \(id.short) has registered (\(status.rawValue))"
        case .notRegistered(let id): "app \(id.short) has not registered"
        case .detachedTarget(let id): "app \(id.short) is detached: it has no connection to take a command by"
        case .queueFull(let id, let max): "\(max) commands are waiting for app \(id.short), and more are not kept"
        case .tooDeep(let id, let max): "app \(id.short) would be deeper in the tree than \(max)"
        case .tooManyChildren(let id, let max): "app \(id.short) has \(max) live children, and more are not kept"
        case .tooManyCascades(let max): "\(max) cancels are at work, and more are not started"
        case .unknownControl(let id): "no command \(id) is known"
        case .commandTaken(let id): "command \(id) was given to others"
        case .elsewhere(let id): "the key of app \(id.short) may not be used from this address"
        case .widening(let id): "app \(id.short) is bound more narrowly than that"
        case .cyclic(let id): "app \(id.short) would be its own ancestor"
        }
    }
}

/// What the tree allows, and for how long it waits.
package struct TreeLimits: Hashable, Sendable {
    package var reconnectWindow: Duration = .seconds(30)
    package var restartWindow: Duration = .seconds(60)
    /// What each level of a cancel has to answer.
    package var grace: Duration = .seconds(30)
    package var lease: Duration = .seconds(24 * 3_600)
    package var controlTimeToLive: Duration = .seconds(3_600)
    package var depthMax = 1_000
    package var childrenMax = 100_000
    package var controlsMax = 1_024
    package var cascadesMax = 1_024

    package init() {}
}
