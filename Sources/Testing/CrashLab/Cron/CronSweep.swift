import TestKit

/// Strikes the seed's cron scripts, their text untouched, at each command they execute, and starts them again as cron
/// does, until one has run to its end. What must be true then is in `CronVerdict`.
package struct CronSweep: Sendable {
    package let seed: UInt64
    /// Of how many strikes one is carried out.
    package let stride: Int
    private let place: CronPlace

    /// How many trailsd work side by side: most of the time somebody waits for somebody.
    private static let laneCount = 3

    package init(seed: UInt64, stride: Int, place: CronPlace) {
        self.seed = seed
        self.stride = stride
        self.place = place
    }

    package struct Report: Sendable, CustomStringConvertible {
        package var strikes: [CronStrike.Weapon: Int] = [:]
        /// Strikes that fell after the end of what they were meant for.
        package var misses = 0
        package var starts = 0
        package var apps = 0
        package var complaints: [String] = []

        package var description: String {
            let strikes = self.strikes.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "\($0.value) of \($0.key.rawValue)" }
            return """
                \(strikes.joined(separator: ", ")), \(self.misses) too late; \(self.starts) starts, \(self.apps) apps
                """
        }

        mutating func add(_ other: Self) {
            self.strikes.merge(other.strikes, uniquingKeysWith: +)
            self.misses += other.misses
            self.starts += other.starts
            self.apps += other.apps
            self.complaints += other.complaints
        }
    }

    /// One strike, and what there was before it.
    struct Case: Hashable, Sendable, CustomStringConvertible {
        let script: CronScript
        let past: CronScript.Past
        let strike: CronStrike

        var description: String { "\(self.script.rawValue), past \(self.past), \(self.strike)" }
    }
}

extension CronSweep {
    /// Runs in `folder`, which must be empty, with the trailsd at `program`.
    package func run(program: String, folder: String) async throws -> Report {
        var first = try await CronLane(program: program, folder: "\(folder)/lane-0", place: self.place)
        let cases = try await self.cases(&first)
        var lanes = [first]
        for number in 1..<Self.laneCount {
            lanes.append(try await CronLane(program: program, folder: "\(folder)/lane-\(number)", place: self.place))
        }
        return try await withThrowingTaskGroup(of: Report.self) { tasks in
            for (number, lane) in lanes.enumerated() {
                let own = cases.enumerated().filter { $0.offset % lanes.count == number }.map(\.element)
                tasks.addTask {
                    var lane = lane
                    for item in own { await lane.carryOut(item) }
                    return try await lane.finish()
                }
            }
            return try await tasks.reduce(into: Report()) { $0.add($1) }
        }
    }

    /// All cases, of which every `stride`-th is left: a run without a strike tells how many commands there are.
    private func cases(_ lane: inout CronLane) async throws -> [Case] {
        var dice = SplitMix64(seed: self.seed)
        var cases: [Case] = []
        for script in CronScript.allCases {
            for past in script.pasts {
                let commands = try await lane.rehearse(script, past).steps.map(\.command)
                for weapon in CronStrike.Weapon.allCases {
                    let places = weapon == .trails ? commands.count { $0.hasPrefix("trails ") } : commands.count
                    for at in 0..<places {
                        let delay = Int.random(in: 0...60, using: &dice)
                        let isLate = weapon == .group || weapon == .trails
                        let strike = CronStrike(
                            weapon: weapon, at: at + 1, delay: .milliseconds(isLate ? delay : 0))
                        cases.append(Case(script: script, past: past, strike: strike))
                    }
                }
            }
        }
        let offset = Int.random(in: 0..<self.stride, using: &dice)
        return cases.enumerated().filter { $0.offset % self.stride == offset }.map(\.element)
    }
}
