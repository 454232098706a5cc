/// Does the same work again and again, with a crash at every step, under every kind of damage.
package struct CrashSweep: Sendable {
    /// Which of the runs: enough to run it alone.
    package struct Run: Hashable, Sendable, CustomStringConvertible {
        package let point: Int
        package let damage: FaultyFileSystem.Damage
        package let seed: UInt64

        package var description: String {
            "crash point \(self.point), bytes \(self.damage.bytes), names \(self.damage.names), seed \(self.seed)"
        }
    }

    package let directories: [String]
    package let seeds: Range<UInt64>
    /// Of how many runs one is made. All crash points are, and over them all kinds of damage.
    package let stride: Int

    package init(directories: [String] = ["/data"], seeds: Range<UInt64> = 0..<2, stride: Int = 1) {
        self.directories = directories
        self.seeds = seeds
        self.stride = stride
    }

    /// Prepares a disk, does the work on it until the crash, and has the restarted disk checked.
    ///
    /// What `prepare` leaves is made durable before the work begins. `work` answers whether it was finished, in
    /// other words: whether a caller would have been told "done". `check` gets the disk as it is after the restart.
    /// Other tasks get their turn in between. Returns how many runs there were.
    @discardableResult
    package func run(
        prepare: (FaultyFileSystem) throws -> Void = { _ in },
        work: (FaultyFileSystem) throws -> Void,
        check: (FaultyFileSystem, _ acknowledged: Bool, Run) throws -> Void
    ) async throws -> Int {
        let prepared = FaultyFileSystem(directories: self.directories)
        try prepare(prepared)
        prepared.restart(after: FaultyFileSystem.Damage(bytes: .kept, names: .kept))
        let calm = prepared.copy()
        try work(calm)
        var count = 0
        // The last point is never reached: all was acknowledged, and then the power went.
        for point in 1...(2 * calm.operations + 1) {
            let crashed = prepared.copy(crashAt: point)
            let acknowledged = (try? work(crashed)) != nil
            for (number, damage) in FaultyFileSystem.Damage.allCases.enumerated()
            where (number + point) % self.stride == 0 {
                await Task.yield()  // who waits for a thread meanwhile is not to wait for the whole sweep
                for seed in self.seeds {
                    let disk = crashed.copy(seed: seed)
                    disk.restart(after: damage)
                    try check(disk, acknowledged, Run(point: point, damage: damage, seed: seed))
                    count += 1
                }
            }
        }
        return count
    }
}
