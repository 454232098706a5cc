import TestKit
import Testing
import TrailsCore

@Suite struct `A set of sequence numbers` {
    /// Every order in which any of the numbers 1 to 5 can come, repeats included: 5^6 histories.
    @Test func `agrees with a plain set on every short history`() {
        for code in 0..<15_625 {
            var rest = code
            let history = (0..<6).map { _ -> Int64 in
                defer { rest /= 5 }
                return Int64(rest % 5 + 1)
            }
            let (set, model) = both(history)
            guard agree(set, model) else {
                Issue.record("after \(history) it is \(set)")
                return
            }
        }
    }

    @Test(arguments: 0..<60) func `agrees with a plain set in a storm`(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        var set = SequenceSet()
        var model: Set<Int64> = []
        let span = dice.pick([8, 40, 300] as [Int64])
        for _ in 0..<300 {
            let number =
                dice.chance(0.5)
                ? set.contiguous + Int64.random(in: 1...3, using: &dice) : .random(in: 1...span, using: &dice)
            set.insert(number)
            model.insert(number)
        }
        #expect(agree(set, model), "seed \(seed)")
    }

    @Test func `is the same whatever the order`() {
        var dice = SplitMix64(seed: 9)
        let numbers = (1...200).map(Int64.init).filter { _ in dice.chance(0.8) }
        for _ in 0..<20 {
            #expect(SequenceSet(numbers.shuffled(using: &dice)) == SequenceSet(numbers))
        }
    }

    /// Past the cap the mark stays behind, nothing stored is taken for new, and nothing missing for stored.
    @Test func `remembers no more ranges than it may, and never errs on the wrong side`() {
        let max = Int64(SequenceSet.rangesMax)
        var set = SequenceSet((1...(max + 50)).map { $0 * 2 })
        #expect(set.beyond.count == SequenceSet.rangesMax)
        #expect(set.highest == (max + 50) * 2)
        #expect(!set.contains((max + 50) * 2))
        #expect(!set.isCertainlyNew((max + 50) * 2))
        #expect(!set.isCertainlyNew((max + 50) * 2 - 1))

        for odd in stride(from: Int64(1), through: max * 2 + 101, by: 2) {
            set.insert(odd)
        }
        #expect(set.contiguous < (max + 50) * 2, "what was forgotten holds the mark back")
        #expect(set.contiguous >= max * 2)
        for number in stride(from: max * 2 + 2, through: max * 2 + 100, by: 2) {
            set.insert(number)
        }
        #expect(set.contiguous == max * 2 + 101)
        #expect(set.beyond.isEmpty)
    }

    @Test func `costs two numbers for a sender that keeps the order`() {
        #expect(SequenceSet(1...10_000).beyond.isEmpty)
        #expect(SequenceSet((1...10_000).reversed()).beyond.isEmpty)
        #expect(SequenceSet((2...10_000).reversed()).beyond == [2...10_000])
    }

    @Test func `takes the greatest number there is`() {
        var set = SequenceSet([Int64.max, Int64.max - 1])
        set.insert(Int64.max)
        #expect(set.highest == .max)
        #expect(set.beyond == [(Int64.max - 1)...Int64.max])
    }

    private func both(_ history: [Int64]) -> (SequenceSet, Set<Int64>) { (SequenceSet(history), Set(history)) }

    private func agree(_ set: SequenceSet, _ model: Set<Int64>) -> Bool {
        let mark = (1...).first { !model.contains($0) }! - 1
        let top = (model.max() ?? 0) + 2
        let apart = zip(set.beyond, set.beyond.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound }
        return set.contiguous == mark && set.highest == model.max() ?? 0 && set.isEmpty == model.isEmpty && apart
            && (set.beyond.first.map { $0.lowerBound > mark + 1 } ?? true)
            && (1...top).allSatisfy { set.contains($0) == model.contains($0) }
            && (1...top).allSatisfy { set.isCertainlyNew($0) == ($0 > model.max() ?? 0) }
    }
}
