import Simulator
import Testing

@Suite struct `A list that shows a fault` {
    @Test(arguments: [[3], [3, 17], [0, 1, 2], [5, 40, 63]])
    func `is made as short as may be`(culprits: [Int]) async {
        let all = Array(0..<64)
        let minimal = await Shrinking.minimal(all, budget: 1_000) { Set(culprits).isSubset(of: $0) }
        #expect(minimal == culprits)
    }

    @Test func `stays as it is when no part of it fails, and is not tried for ever`() async {
        #expect(await Shrinking.minimal([1, 2, 3]) { _ in false } == [1, 2, 3])
        var tries = 0
        _ = await Shrinking.minimal(Array(0..<1_000), budget: 50) { _ in
            tries += 1
            return false
        }
        #expect(tries == 50)
        #expect(await Shrinking.minimal([Int]()) { _ in true }.isEmpty)
    }
}
