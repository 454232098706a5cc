import PipelineTurns
import TurnModel
import Vocabulary

/// What one owner writes into one session: group after group, each once, behind the head it knows, under its lease.
///
/// The first group makes the owner the owner, and is the first thing that happens at all: two that try at once never
/// both go on.
struct SessionJournal {
    let store: any TurnStore
    let world: RunWorld
    let limits: RunLimits
    let claim: LeaseClaim
    /// For a branch.
    let rootFence: RootFence?
    /// What the first turns name: it goes with them.
    private let blobs: [NewBlob]
    private(set) var footing: Footing
    private(set) var head: TurnID?
    /// The newest checkpoint on disk.
    private(set) var lastCheckpoint: TurnID?
    private var groupCount = 0

    enum Footing: Sendable {
        /// The context is to be made, behind `base`.
        case new(base: TurnID?, NewSession)
        /// The context is there, and its lease is not ours yet.
        case claiming(ContextID, NewSession?)
        case open(ContextID, LeaseEpoch)
    }

    init(
        _ footing: Footing, head: TurnID?, lastCheckpoint: TurnID?, in store: any TurnStore, claim: LeaseClaim,
        kit: RunKit, rootFence: RootFence? = nil, blobs: [NewBlob] = []
    ) {
        self.rootFence = rootFence
        self.blobs = blobs
        self.store = store
        self.world = kit.world
        self.limits = kit.limits
        self.claim = claim
        self.footing = footing
        self.head = head
        self.lastCheckpoint = lastCheckpoint
    }

    /// The context, once there is one.
    var context: ContextID? {
        switch self.footing {
        case .new: nil
        case .claiming(let context, _), .open(let context, _): context
        }
    }
}

extension SessionJournal {
    /// The next group: it must be noted before another one is asked for.
    ///
    /// - Parameter releases: Gives the lease back in the same moment.
    mutating func group(
        _ turns: [PipelineTurn], settling settlements: [Settlement] = [], releases: Bool = false
    ) -> AppendGroup {
        var group = self.group(turns.compactMap(\.newTurn), releases: releases)
        group.settlements = settlements
        self.groupCount += 1
        return group
    }

    /// Takes to heart what the store answered to the group with these turns, which is on disk.
    mutating func note(
        _ answer: AppendAnswer, of turns: [PipelineTurn], releases: Bool, complain: (TurnFault) -> Void
    ) async throws(RunStop) {
        self.head = answer.head
        for (appended, turn) in zip(answer.turns, turns) {
            if case .checkpoint = turn { self.lastCheckpoint = appended.id }
        }
        if case .open = self.footing { return }
        guard let lease = answer.lease else { throw .leaseLost(answer.context) }
        self.footing = .open(answer.context, lease.epoch)
        // No second group can be the one that makes the owner the owner, so a release needs a fence of its own.
        if releases { _ = try await self.send(self.group([PipelineTurn](), releases: true), complain: complain) }
    }

    private func group(_ turns: [NewTurn], releases: Bool) -> AppendGroup {
        var group: AppendGroup
        switch self.footing {
        case .new(let base, let session):
            group = AppendGroup(to: .newContext(base: base), turns)
            group.session = session
            group.lease = .acquire(self.claim)
            group.blobs = self.blobs
        case .claiming(let context, let session):
            group = AppendGroup(to: context, turns)
            group.session = session
            group.lease = .acquire(self.claim)
            group.blobs = self.blobs
            group.expectedHead = self.head.map { .turn($0) } ?? .empty
        case .open(let context, let epoch):
            group = AppendGroup(to: context, turns)
            group.fence = epoch
            group.expectedHead = self.head.map { .turn($0) } ?? .empty
            if releases { group.lease = .release }
        }
        group.rootFence = self.rootFence
        group.key = IdempotencyKey("\(self.claim.owner)/\(self.groupCount)")
        return group
    }

    /// Sends `group` until there is an answer, always with the same key: what came of a try that failed is not known.
    /// When this returns, it is on disk. `complain` hears of each try that failed.
    func send(_ group: AppendGroup, complain: (TurnFault) -> Void) async throws(RunStop) -> AppendAnswer {
        do throws(TurnStoreError) {
            return try await self.patience.ask(complain) { () async throws(TurnStoreError) in
                try await self.store.append(group)
            }
        } catch {
            throw self.stop(for: error)
        }
    }

    var patience: Patience { Patience(world: self.world, outageMax: self.limits.outage) }

    private func stop(for error: TurnStoreError) -> RunStop {
        switch (error, self.context) {
        case (.failed(let fault), _): .storeLost(fault)
        case (.refused(.leaseLost), let context?), (.refused(.leaseHeld), let context?),
            (.refused(.headMoved), let context?):
            .leaseLost(context)
        case (.refused(let refusal), _): .refused(refusal)
        }
    }
}

/// Asks a store that may be away for a while (spec/orchestra.md 3.9).
struct Patience: Sendable {
    let world: RunWorld
    let outageMax: Duration

    /// Asks until there is an answer or a refusal, or until the store has been away for too long, or is not one that
    /// time can mend. `complain` hears of each try that failed.
    func ask<Value>(
        _ complain: (TurnFault) -> Void = { _ in }, _ body: () async throws(TurnStoreError) -> Value
    ) async throws(TurnStoreError) -> Value {
        let start = self.world.now()
        var delay = Duration.milliseconds(50)
        while true {
            do throws(TurnStoreError) {
                return try await body()
            } catch {
                guard case .failed(let fault) = error, fault.code != .corrupt, fault.code != .newer,
                    self.world.now().since(start) + delay <= self.outageMax
                else { throw error }
                complain(fault)
                do { try await self.world.sleep(delay) } catch _ { throw .failed(fault) }
            }
            delay = min(delay * 2, .seconds(5))
        }
    }
}
