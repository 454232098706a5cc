import Vocabulary

/// Why something must not happen: an answer, not a fault. The store is as it was.
package enum TurnRefusal: Error, Hashable, Sendable {
    case unknownContext(ContextID)
    case unknownTurn(TurnID)
    case unknownRequest(RequestID, of: ContextID)
    /// The turn exists, and is no ancestor of the head.
    case notInChain(TurnID, of: ContextID)
    case headMoved(ContextID, to: TurnID?)
    case emptyGroup
    /// The key was used for a group, or a request, with other content.
    case keyReused(IdempotencyKey)
    /// The payload at this place of the group has another hash than its writer claims.
    case hashMismatch(place: Int)
    case tooLarge(String, found: Int, max: Int)
    case leaseHeld(Lease)
    /// The writer's lease is no longer, or never was, the one in force.
    case leaseLost(ContextID, shown: LeaseEpoch?, current: LeaseEpoch?)
    case displayIDTaken(DisplayID, by: ContextID)
    case alreadyASession(ContextID)
    case settledOtherwise(RequestID)
    /// The bundle of this id has other bytes.
    case bundleTaken(String)
    case badBundle(String)
}

extension TurnRefusal: CustomStringConvertible {
    /// What happened to which thing, for people.
    package var description: String {
        switch self {
        case .unknownContext(let id): "there is no context \(id)"
        case .unknownTurn(let id): "there is no turn \(id)"
        case .unknownRequest(let id, let context): "context \(context) has no request \(id)"
        case .notInChain(let turn, let context): "turn \(turn) is not in the history of context \(context)"
        case .headMoved(let context, let head):
            "the head of context \(context) is \(head.map { "turn \($0)" } ?? "none"), not the one expected"
        case .emptyGroup: "a group must do something"
        case .keyReused: "the idempotency key was used with other content"
        case .hashMismatch(let place): "payload \(place) has another hash than was said"
        case .tooLarge(let what, let found, let max): "\(what): \(found) is more than \(max)"
        case .leaseHeld(let lease):
            "context \(lease.context) is owned by process \(lease.pid) on \(lease.host.quotedForPeople())"
        case .leaseLost(let context, let shown, let current):
            "the lease of context \(context) is \(Self.text(current)), and \(Self.text(shown)) was shown"
        case .displayIDTaken(let id, let context): "the display id \(id) is that of context \(context)"
        case .alreadyASession(let context): "context \(context) is a session already"
        case .settledOtherwise(let id): "request \(id) is settled with another answer"
        case .bundleTaken(let id): "the bundle \(id.quotedForPeople()) is there with other content"
        case .badBundle(let why): "the bundle was not taken: \(why)"
        }
    }

    private static func text(_ epoch: LeaseEpoch?) -> String { epoch.map { "\($0)" } ?? "none" }
}

/// Why the store could not do it: the file, the disk, the network.
package struct TurnFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure; may grow.
    package struct Code: Hashable, Sendable {
        private enum Kind: Hashable, Sendable { case unavailable, busy, full, corrupt, newer, gone, overloaded }
        private let kind: Kind

        package static let unavailable = Self(kind: .unavailable)
        /// Others held it for longer than one waits.
        package static let busy = Self(kind: .busy)
        package static let full = Self(kind: .full)
        package static let corrupt = Self(kind: .corrupt)
        /// It was written by a newer program.
        package static let newer = Self(kind: .newer)
        /// It was there, and is no longer.
        package static let gone = Self(kind: .gone)
        /// Too much is waiting already.
        package static let overloaded = Self(kind: .overloaded)
    }

    package let code: Code
    /// What happened to which thing, for people.
    package let message: String
    /// What to do about it.
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { self.hint.map { "\(self.message) (\($0))" } ?? self.message }
}

/// Either way in which a store says no.
///
/// After a fault in an append it is not known whether it happened: send it again, with the same key.
package enum TurnStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    case refused(TurnRefusal)
    case failed(TurnFault)

    package var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .failed(let fault): fault.description
        }
    }
}
