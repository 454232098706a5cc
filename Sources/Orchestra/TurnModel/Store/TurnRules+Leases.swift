import Vocabulary

extension TurnRules {
    /// Refuses a writer of a branch whose root is another's by now. One that gave the root back itself may end its
    /// branches still.
    static func checkRoot(of group: AppendGroup, in store: some TurnLookups) throws(TurnStoreError) {
        guard let fence = group.rootFence else { return }
        let current = try store.lease(of: fence.context)?.epoch
        guard current == fence.epoch else {
            throw .refused(.leaseLost(fence.context, shown: fence.epoch, current: current))
        }
    }

    /// The lease after a group, `nil` when it changes nothing about it. Refuses a writer who does not own the context.
    static func lease(
        after group: AppendGroup, of context: ContextID, in store: some TurnLookups, at now: Timestamp
    ) throws(TurnStoreError) -> Lease? {
        let current = try store.lease(of: context)
        if let fence = group.fence {
            guard let current, current.epoch == fence, !current.isReleased else {
                throw .refused(.leaseLost(context, shown: fence, current: current?.epoch))
            }
        } else if let current, current.isLive(at: now), !self.acquires(group) {
            throw .refused(.leaseHeld(current))
        }
        switch group.lease {
        case nil: return nil
        case .acquire(let claim): return try self.acquire(claim, of: context, over: current, at: now)
        case .renew(let time):
            guard var lease = current, group.fence != nil else {
                throw .refused(.leaseLost(context, shown: nil, current: current?.epoch))
            }
            lease.expiresAt = max(lease.expiresAt, now + min(time, TurnLimits.leaseMax))
            return lease
        case .release:
            guard var lease = current, group.fence != nil else {
                throw .refused(.leaseLost(context, shown: nil, current: current?.epoch))
            }
            lease.isReleased = true
            return lease
        }
    }

    private static func acquires(_ group: AppendGroup) -> Bool {
        if case .acquire = group.lease { true } else { false }
    }

    /// A free lease, the claimant's own, one whose end has passed, or one that the claimant vouches is dead.
    private static func acquire(
        _ claim: LeaseClaim, of context: ContextID, over current: Lease?, at now: Timestamp
    ) throws(TurnStoreError) -> Lease {
        let end = now + min(claim.lifetime, TurnLimits.leaseMax)
        if let current, current.isLive(at: now) {
            if current.owner == claim.owner {
                var lease = current
                lease.expiresAt = max(lease.expiresAt, end)
                return lease
            }
            guard claim.supersedes == current.epoch else { throw .refused(.leaseHeld(current)) }
        }
        return Lease(
            context: context, epoch: LeaseEpoch((current?.epoch.number ?? 0) + 1), owner: claim.owner,
            host: claim.host, pid: claim.pid, bootID: claim.bootID, startTime: claim.startTime, acquiredAt: now,
            expiresAt: end, isReleased: false)
    }
}
