import HashTreeCollections
package import Vocabulary

/// From where the key of an app may be used (spec/trails.md §8, `context bind`).
package struct BindRequest: Hashable, Sendable {
    package static let rangesMax = 64

    package var app: AppID
    /// Empty: from anywhere.
    package var ranges: [AddressRange]
    /// Where the request comes from; `nil` when that is not known.
    package var from: NetworkAddress?

    package init(app: AppID, ranges: [AddressRange], from: NetworkAddress?) {
        self.app = app
        self.ranges = ranges
        self.from = from
    }
}

extension AppState {
    /// Whether its key may be used from `address`; one that is not known is nowhere.
    package func admits(_ address: NetworkAddress?) -> Bool { self.binding.admit(address) }
}

extension [AddressRange] {
    /// Whether a key that is bound to these may be used from `address`.
    package func admit(_ address: NetworkAddress?) -> Bool {
        guard !self.isEmpty else { return true }
        guard let address else { return false }
        return self.contains { $0.contains(address) }
    }
}

extension ProcessTree {
    /// Passes when the key of `app` may be used from `address`.
    package func admit(_ app: AppID, from address: NetworkAddress?) throws(Refusal) {
        guard let state = self.apps[app], !state.admits(address) else { return }
        throw .elsewhere(app)
    }

    /// The holder may only narrow, and only to where it is itself: so nobody who stole the key can lock it out or open
    /// it up from afar. The administrator may do both.
    func decideBinding(_ request: BindRequest, by principal: Principal, at now: Timestamp) throws(Refusal) -> [Event] {
        try self.prove(principal)
        let state = try self.known(request.app)
        switch self.standing(of: principal, to: request.app) {
        case .administrator: break
        case .itself:
            try self.admit(request.app, from: request.from)
            guard !request.ranges.isEmpty, Self.isNarrowing(request.ranges, of: state.binding) else {
                throw .widening(request.app)
            }
            guard let from = request.from, request.ranges.contains(where: { $0.contains(from) }) else {
                throw .elsewhere(request.app)
            }
        case .ancestor, .stranger: throw .notAuthorized(principal.app, over: request.app)
        }
        guard state.incarnation > 0 else { throw .notRegistered(request.app) }
        guard state.binding != request.ranges else { return [] }
        return [.bound(request.app, request.ranges, by: principal.app, at: now)]
    }

    private static func isNarrowing(_ ranges: [AddressRange], of binding: [AddressRange]) -> Bool {
        guard !binding.isEmpty else { return true }
        return ranges.allSatisfy { range in binding.contains { $0.contains(range) } }
    }
}
