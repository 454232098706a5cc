package import NIOPosix
import TestKit
import TrailsCore
import TrailsWire
import Vocabulary

/// A whole tree is cancelled from its root, and trailsd is killed in the middle of it.
package struct CascadeRun: Sendable {
    package let seed: UInt64
    /// How many apps each level has, from the root's children down.
    package let widths: [Int]
    /// The first falls into the deepest level, each further one into the level above.
    package let kills: Int

    package init(seed: UInt64, widths: [Int], kills: Int) {
        precondition(kills <= widths.count, "\(kills) kills for \(widths.count) levels")
        self.seed = seed
        self.widths = widths
        self.kills = kills
    }

    package struct Report: Sendable, CustomStringConvertible {
        package var apps = 0
        package var kills = 0
        package var redeliveries = 0
        package var time: Duration = .zero
        package var complaints: [String] = []

        package var description: String {
            """
            \(self.apps) apps cancelled in \(self.time.milliseconds) ms, \(self.kills) kills on the way, \
            \(self.redeliveries) cancels delivered again
            """
        }
    }
}

extension CascadeRun {
    /// Runs in `folder`, which must be empty, with the trailsd at `program`.
    package func run(program: String, folder: String, on group: MultiThreadedEventLoopGroup) async throws -> Report {
        var dice = SplitMix64(seed: self.seed)
        let daemon = try Daemon(program: program, folder: folder)
        _ = try await daemon.start()
        let serverKey = try await SignedCaller.serverKey(at: daemon.address)
        let root = AppPlan.root(using: &dice)
        let caller = SignedCaller(address: daemon.address, app: root.id, key: root.key, serverKey: serverKey)
        try await root.registerRoot(with: caller)
        let forest = try Forest(
            self.widths, under: root, of: caller, at: daemon.address, on: group, using: &dice)

        let killer = dice
        let report = try await withThrowingTaskGroup(of: Void.self) { tasks in
            defer { tasks.cancelAll() }
            // A child at `signed` can only prove itself under a parent that is there.
            for level in forest.levels {
                for socket in level { tasks.addTask { await socket.run() } }
                try await Patience.wait("a level to register") {
                    level.allSatisfy { socket in socket.speakers.allSatisfy(\.isSpeaking) }
                }
            }
            return try await self.cancel(forest, daemon, folder: folder, dice: killer)
        }
        try await daemon.stop()
        return report
    }

    private func cancel(
        _ forest: Forest, _ daemon: Daemon, folder: String, dice: SplitMix64
    ) async throws -> Report {
        var (dice, report) = (dice, Report(apps: self.widths.reduce(0, +)))
        let start = ContinuousClock.now
        let id = CascadeID.random(using: &dice)
        let path = "/apps/\(forest.root.id)/cancel?cascade=true"
        let body = CancelBody(cascadeID: id, reason: "the end of the run", grace: .seconds(120)).json
        let first = try await forest.caller.insist("POST", path, body)
        guard first.status == 202 else { throw LabError("the cancel was refused: \(first.body.text)") }
        for level in forest.levels.reversed().prefix(self.kills) {
            try await Patience.wait("a level to hear of the cancel") {
                level.contains { socket in socket.speakers.contains { !$0.deliveries.isEmpty } }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...80, using: &dice)))
            try await daemon.kill()
            report.kills += 1
            try Folder.copy(daemon.data, to: "\(folder)/copy")
            report.complaints += try await daemon.check("\(folder)/copy")
            _ = try await daemon.start()
        }
        try await Patience.wait("the cancel to finish") {
            try await forest.caller.insist("GET", "/cascades/\(id)").body["state"]?.string == "finished"
        }
        report.time = start.duration(to: .now)
        report.redeliveries = forest.speakers.reduce(0) { $0 + $1.deliveries.values.reduce(0) { $0 + Int($1) - 1 } }
        report.complaints += forest.sockets.flatMap(\.complaints)
        report.complaints += try await CascadeVerdict.judge(id, forest)
        return report
    }
}

/// The apps of a cascade run, level by level from the root's children down.
struct Forest: Sendable {
    let root: AppPlan
    let caller: SignedCaller
    let levels: [[SpeakerSocket]]

    /// Twenty-five apps share a socket.
    private static let share = 25

    init(
        _ widths: [Int], under root: AppPlan, of caller: SignedCaller, at address: String,
        on group: MultiThreadedEventLoopGroup, using dice: inout SplitMix64
    ) throws {
        var levels: [[SpeakerSocket]] = []
        var parents = [root]
        for width in widths {
            var plans: [AppPlan] = []
            for number in 0..<width {
                let parent = parents[number % parents.count]
                // Half of the branches are signed; below, a level is never under its parent's.
                let level = levels.isEmpty ? (number.isMultiple(of: 2) ? .signed : .open) : parent.level
                plans.append(try parent.child(level, serverKey: caller.serverKey, using: &dice))
            }
            levels.append(
                try stride(from: 0, to: width, by: Self.share).map { start in
                    try SpeakerSocket(
                        Array(plans[start..<min(start + Self.share, width)]), at: address,
                        serverKey: caller.serverKey, on: group, answerDelayMax: .milliseconds(100),
                        reportGapMax: nil, dice: SplitMix64(seed: dice.next()))
                })
            parents = plans
        }
        self.root = root
        self.caller = caller
        self.levels = levels
    }

    var sockets: [SpeakerSocket] { Array(self.levels.joined()) }
    var speakers: [Speaker] { self.sockets.flatMap(\.speakers) }
}
