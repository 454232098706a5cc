package import NIOPosix
import TestKit
import TrailsCore
import TrailsWire
import Vocabulary

/// trailsd is killed again and again while apps report and are commanded; each time what is left is judged.
package struct KillRun: Sendable {
    package var seed: UInt64
    package var kills: Int
    /// Half of them at level `open`, half at `signed`.
    package var apps = 50
    package var sockets = 10
    package var commanders = 4
    /// The longest a server lives, from the moment it serves.
    package var lifeMax: Duration = .milliseconds(500)
    /// What was not synced is taken away after each kill.
    package var powerCut: PowerCut?

    package init(seed: UInt64, kills: Int) {
        self.seed = seed
        self.kills = kills
    }

    /// What a run counted, and what it complains about.
    package struct Report: Sendable, CustomStringConvertible {
        package var kills = 0
        package var messages = 0
        package var repeats = 0
        package var commands = 0
        package var redeliveries = 0
        package var restarts: [Duration] = []
        package var undone = 0
        package var complaints: [String] = []

        package var description: String {
            """
            \(self.kills) kills, \(self.messages) messages acknowledged, \(self.commands) commands answered \
            (\(self.redeliveries) delivered again), \(self.restarts.restartText)\
            \(self.undone > 0 ? ", \(self.undone) unsynced writes taken away" : "")
            """
        }
    }
}

extension KillRun {
    /// Runs in `folder`, which must be empty, with the trailsd at `program`.
    package func run(program: String, folder: String, on group: MultiThreadedEventLoopGroup) async throws -> Report {
        var dice = SplitMix64(seed: self.seed)
        let daemon = try Daemon(
            program: program, folder: folder, variables: try self.powerCut?.variables(folder: folder) ?? [])
        var report = Report(restarts: [try await daemon.start()])
        let serverKey = try await SignedCaller.serverKey(at: daemon.address)
        let root = AppPlan.root(using: &dice)
        let caller = SignedCaller(address: daemon.address, app: root.id, key: root.key, serverKey: serverKey)
        try await root.registerRoot(with: caller)
        let plans = try (0..<self.apps).map { number in
            try root.child(number.isMultiple(of: 2) ? .open : .signed, serverKey: serverKey, using: &dice)
        }
        let sockets = try (0..<self.sockets).map { number in
            try SpeakerSocket(
                plans.enumerated().filter { $0.offset % self.sockets == number }.map(\.element), at: daemon.address,
                serverKey: serverKey, on: group, answerDelayMax: .milliseconds(20),
                reportGapMax: .milliseconds(60), dice: SplitMix64(seed: dice.next()))
        }
        let commander = Commander(caller) { sockets.flatMap(\.speakers).filter { $0.status != nil }.map(\.id) }
        let cast = Cast(daemon: daemon, sockets: sockets, commander: commander)
        let commanderDice = (0..<self.commanders).map { _ in SplitMix64(seed: dice.next()) }

        try await withThrowingTaskGroup { group in
            for socket in sockets { group.addTask { await socket.run() } }
            try await withThrowingTaskGroup { commanders in
                for dice in commanderDice { commanders.addTask { try await cast.commander.run(dice: dice) } }
                for _ in 0..<self.kills where report.complaints.isEmpty {
                    try await self.kill(cast, folder: folder, using: &dice, &report)
                }
                cast.commander.finish()
                try await commanders.waitForAll()
            }
            // With something to complain about, there may be no end to wait for.
            if report.complaints.isEmpty { try await cast.becomeQuiet() }
            group.cancelAll()
        }
        if report.complaints.isEmpty {
            try await daemon.stop()
            try await self.judge(cast, daemon.data, isQuiet: true, &report)
        } else {
            try await daemon.kill()
        }
        cast.count(in: &report)
        return report
    }

    /// Lets the server live for a while, sometimes not even until it serves; kills it, judges, and starts it again.
    private func kill(
        _ cast: Cast, folder: String, using dice: inout SplitMix64, _ report: inout Report
    ) async throws {
        let life = Int64.random(in: 0...self.lifeMax.wholeMilliseconds, using: &dice)
        try await Task.sleep(for: .milliseconds(life))
        try await cast.daemon.kill()
        report.kills += 1
        report.undone += try self.powerCut?.strike(folder: folder, using: &dice) ?? 0
        // A copy is judged: the server is to recover by itself from what the kill left.
        let copy = "\(folder)/copy"
        try Folder.copy(cast.daemon.data, to: copy)
        try await self.judge(cast, copy, isQuiet: false, &report)
        if dice.chance(0.1) {
            // Once more, while it is about to start.
            try cast.daemon.launch()
            try await Task.sleep(for: .milliseconds(Int64.random(in: 0...60, using: &dice)))
            try await cast.daemon.kill()
            report.kills += 1
            report.undone += try self.powerCut?.strike(folder: folder, using: &dice) ?? 0
        }
        report.restarts.append(try await cast.daemon.start())
    }

    private func judge(_ cast: Cast, _ data: String, isQuiet: Bool, _ report: inout Report) async throws {
        report.complaints += try await cast.daemon.check(data)
        let stored = try StoredTree("\(data)/trails.sqlite")
        let speakers = cast.sockets.flatMap(\.speakers)
        let book = cast.commander.current
        report.complaints += KillVerdict(stored, speakers: speakers, book: book, isQuiet: isQuiet).complaints
        report.complaints += cast.sockets.flatMap(\.complaints) + book.complaints
    }
}

/// Who takes part in a run.
private struct Cast: Sendable {
    let daemon: Daemon
    let sockets: [SpeakerSocket]
    let commander: Commander

    /// Waits until everything sent is acknowledged and everything accepted is answered.
    func becomeQuiet() async throws {
        for socket in self.sockets { socket.beQuiet() }
        try await Patience.wait("everything to be acknowledged and answered") {
            let speakers = self.sockets.flatMap(\.speakers)
            let delivered = Set(speakers.flatMap(\.deliveries.keys))
            return speakers.allSatisfy(\.isSettled) && self.commander.current.accepted.isSubset(of: delivered)
        }
        // The last answers are on their way: an app that reconnects has its messages acknowledged after them.
        for id in self.commander.current.accepted { try await self.commander.waitForAnswer(to: id) }
    }

    func count(in report: inout KillRun.Report) {
        let speakers = self.sockets.flatMap(\.speakers)
        report.messages = speakers.reduce(0) { $0 + $1.acknowledged.count }
        report.commands = self.commander.current.accepted.count
        report.redeliveries = speakers.reduce(0) { $0 + $1.deliveries.values.reduce(0) { $0 + Int($1) - 1 } }
    }
}
