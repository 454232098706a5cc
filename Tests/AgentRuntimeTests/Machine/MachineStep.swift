import Simulator
import TestKit

/// A step of a random program for a host. Agents are numbered in the order in which the program makes them.
enum MachineStep: Hashable, Sendable {
    case create(Int, under: Int?)
    /// The operator has an agent take a turn, in which it does these things.
    case turn(Int, [MachineWord])
    case end(Int, isRecursive: Bool)
    case gate(Int, Bool)
    case takeMail
    case settle
    /// The power goes, or the host ends in peace when `damage` is `nil`. In the life after this it goes by itself at
    /// the operation `crashAt` of the disk.
    case restart(damage: Int?, crashAt: Int?)
}

/// What an agent does in a turn. Each message has a number of its own.
enum MachineWord: Hashable, Sendable {
    case say(Int?, Int)
    case cast(Int)
    case spawn(Int)
    case note(Int, value: Int)
    case complete(Int)
    case fail
}

/// Makes up programs: the same from the same seed.
struct MachineProgram: Sendable {
    let seed: UInt64
    let continues: Bool
    var steps: [MachineStep]

    init(seed: UInt64, steps count: Int) {
        var dice = SplitMix64(seed: seed)
        self.seed = seed
        self.continues = dice.chance(0.5)
        var writer = Writer(dice: dice)
        // The first life begins with a crash point as well as the others.
        self.steps = [writer.restart(), .create(0, under: nil)]
        writer.parents = [nil]
        let count = Int.random(in: 4...count, using: &writer.dice)
        while self.steps.count < count { self.steps.append(writer.step()) }
    }

    private struct Writer {
        var dice: SplitMix64
        /// Of each agent.
        var parents: [Int?] = []
        var message = 0

        mutating func step() -> MachineStep {
            let agent = Int.random(in: self.parents.indices, using: &self.dice)
            switch Int.random(in: 0..<20, using: &self.dice) {
            case 0: return .create(self.child(of: nil), under: nil)
            case 1: return .create(self.child(of: agent), under: agent)
            case 2: return .end(agent, isRecursive: self.dice.chance(0.3))
            case 3: return .gate(agent, self.dice.chance(0.5))
            case 4: return .takeMail
            case 5, 6: return .settle
            case 7, 8, 9: return self.restart()
            default:
                let words = (0..<Int.random(in: 1...4, using: &self.dice)).map { _ in self.word(of: agent) }
                return .turn(agent, words)
            }
        }

        mutating func restart() -> MachineStep {
            let damage = self.dice.chance(0.2) ? nil : Int.random(in: 0..<1_000, using: &self.dice)
            let crashAt = self.dice.chance(0.7) ? Int.random(in: 1...160, using: &self.dice) : nil
            return .restart(damage: damage, crashAt: crashAt)
        }

        private mutating func word(of agent: Int) -> MachineWord {
            self.message += 1
            let children = self.parents.indices.filter { self.parents[$0] == agent }
            switch Int.random(in: 0..<16, using: &self.dice) {
            case 0, 1: return .spawn(self.child(of: agent))
            case 2 where !children.isEmpty: return .note(self.dice.pick(children), value: self.message)
            case 3: return .cast(self.message)
            case 4 where self.parents[agent] != nil && children.isEmpty: return .complete(self.message)
            case 5: return .fail
            default:
                // Also to some who are too far away, who must not hear of it.
                let near = children + [self.parents[agent]].compactMap { $0 }
                if self.parents[agent] == nil, self.dice.chance(0.3) { return .say(nil, self.message) }
                let all = near.isEmpty || self.dice.chance(0.1) ? Array(self.parents.indices) : near
                return .say(self.dice.pick(all), self.message)
            }
        }

        private mutating func child(of parent: Int?) -> Int {
            self.parents.append(parent)
            return self.parents.count - 1
        }
    }
}

extension MachineWord {
    /// As the agent is told.
    var text: String {
        switch self {
        case .say(let agent, let message): "say \(agent.map { "a\($0)" } ?? "USER") \(message)"
        case .cast(let message): "cast \(message)"
        case .spawn(let agent): "spawn a\(agent)"
        case .note(let agent, let value): "note a\(agent) \(value)"
        case .complete(let message): "complete \(message)"
        case .fail: "fail"
        }
    }
}
