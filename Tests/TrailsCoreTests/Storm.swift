import HashTreeCollections
import TestKit
import TrailsCore
import Vocabulary

/// A shell that does everything a shell may do, in an order that only dice know.
///
/// Beside the tree it keeps what its store would: apps that were forgotten, reports by number, answered commands.
/// After each command it compares the tree with one that only replays events, and checks spec/trails.md §15.
struct Storm {
    var dice: SplitMix64
    var world: World
    /// The same events, applied and nothing else.
    var replayed: ProcessTree
    var log: [Event] = []
    /// What is not in the working set.
    var asleep: [AppID: AppState] = [:]
    var reports: [ReportKey: Report] = [:]
    var answered: Set<CorrelationID> = []
    var finished: Set<CascadeID> = []
    var worthless: Set<OwnedKey> = []
    var violations: [String] = []
    var refusals = 0

    /// Who is to be under whom, and how secure.
    let parents: [Int?]
    let levels: [SecurityLevel]

    struct ReportKey: Hashable {
        let app: AppID, incarnation: Int, seq: Int64
    }

    struct OwnedKey: Hashable {
        let app: AppID, key: PublicKey
    }

    init(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        var limits = TreeLimits()
        limits.controlsMax = 4
        limits.cascadesMax = 4
        limits.depthMax = dice.pick([4, 8])
        let isOpen = dice.chance(0.5)
        self.parents = (0...12).map { number in
            guard number > 1 else { return nil }
            if isOpen, dice.chance(0.1) { return number + 12 }
            return number == 2 && dice.chance(0.5) ? nil : Int.random(in: 1..<number, using: &dice)
        }
        self.levels = (0...24).map { _ in isOpen && dice.chance(0.8) ? .open : .signed }
        self.dice = dice
        self.world = World(limits: limits)
        self.replayed = ProcessTree(limits: limits)
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps where self.violations.isEmpty {
            if self.dice.chance(0.3) {
                self.world.wait(.milliseconds(self.dice.pick([1, 5_000, 31_000, 61_000, 400_000])))
            }
            if self.dice.chance(0.02) {
                self.restart()
            } else if self.dice.chance(0.05) {
                self.fallAsleep()
            } else {
                self.carryOut(self.command())
            }
        }
    }

    /// Lets every time run out, until nothing is left to wait for.
    mutating func settle() {
        for _ in 0..<20 {
            self.world.wait(.seconds(100_000))
            let alarms =
                self.world.tree.apps.keys.sorted().map(Alarm.app)
                + self.world.tree.cascades.keys.sorted { $0.low < $1.low }.map(Alarm.cascade)
            for alarm in alarms where self.violations.isEmpty {
                self.carryOut(.wake(alarm))
            }
        }
        for state in self.world.tree.apps.values where state.isFenced && state.status.isLive {
            if state.status != .lostContact { self.violations.append("\(state.id.short) outlived its cancel") }
        }
        if !self.world.tree.cascades.isEmpty { self.violations.append("a cancel never ends") }
    }
}

// MARK: - What a shell does

extension Storm {
    mutating func carryOut(_ command: Command) {
        let before = self.world.tree
        let events: [Event]
        do {
            events = try before.decide(command, at: self.world.now)
        } catch {
            self.refusals += 1
            return
        }
        guard !events.isEmpty else { return }
        self.check(command, made: events)
        for event in events {
            self.check(event)
            self.world.tree.apply(event)
            self.replayed.apply(event)
            self.log.append(event)
            self.remember(event)
        }
        for event in events {
            _ = self.world.tree.effects(of: event)
        }
        self.checkTree()
    }

    private mutating func remember(_ event: Event) {
        switch event {
        case .reported(let report):
            let key = ReportKey(app: report.app, incarnation: report.incarnation, seq: report.seq)
            if self.reports.updateValue(report, forKey: key) != nil {
                self.violations.append("\(report.app.short) has two reports \(report.seq)")
            }
        case .answered(let answer): self.answered.insert(answer.id)
        case .cascadeFinished(let id, _): self.finished.insert(id)
        case .revoked(let id, let key?, _, _, _): self.worthless.insert(OwnedKey(app: id, key: key))
        case .rekeyed(let id, let key, _, _, _): self.worthless.remove(OwnedKey(app: id, key: key))
        default: break
        }
    }

    /// Brings an app and what is above it into the working set.
    mutating func wakeUp(_ id: AppID) {
        guard let state = self.asleep.removeValue(forKey: id) else { return }
        if let parent = state.parent { self.wakeUp(parent) }
        self.world.tree.load(state)
    }

    /// Before a report the store says which numbers it has.
    mutating func loadNumbers(of id: AppID) {
        guard let state = self.world.tree.apps[id], state.sequence == nil else { return }
        let numbers = self.reports.keys.filter { $0.app == id && $0.incarnation == state.incarnation }.map(\.seq)
        self.world.tree.load(SequenceSet(numbers), of: id)
    }

    mutating func fallAsleep() {
        for (id, state) in self.world.tree.apps where state.status.isEnded {
            self.world.tree.forget(id)
            if self.world.tree.apps[id] == nil { self.asleep[id] = state.durable }
        }
        self.checkTree()
    }

    /// The server ends without a word and starts again from what the store has: who lives, and who is above them.
    mutating func restart() {
        var fresh = ProcessTree(limits: self.world.tree.limits)
        let all = self.whole
        let needed = all.apps.values.filter { $0.status.isLive || self.isInCascade($0.id) }
            .flatMap { [$0.id] + all.ancestors(of: $0.id) }
        self.asleep = Dictionary(uniqueKeysWithValues: all.apps.map { ($0.key, $0.value.durable) })
        for id in Set(needed).sorted(by: { all.ancestors(of: $0).count < all.ancestors(of: $1).count }) {
            fresh.load(self.asleep.removeValue(forKey: id)!)
        }
        for cascade in self.world.tree.cascades.values {
            fresh.load(cascade)
        }
        self.world.tree = fresh
        self.checkTree()
        self.carryOut(.start(instance: "again"))
    }

    private func isInCascade(_ id: AppID) -> Bool {
        self.world.tree.cascades.values.contains { $0.cascade.levels.joined().contains(id) }
    }

    /// The working set and what is asleep.
    var whole: ProcessTree {
        var all = self.world.tree
        for state in self.asleep.values {
            all.load(state)
        }
        return all
    }
}
