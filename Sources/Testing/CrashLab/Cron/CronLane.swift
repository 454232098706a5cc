import Foundation

/// A trailsd with its users, for whom one case after the other is carried out.
struct CronLane: Sendable {
    private let daemon: Daemon
    private let folder: String
    private let place: CronPlace
    private var report = CronSweep.Report()
    private var verdict = CronVerdict()

    /// `folder` is made here.
    init(program: String, folder: String, place: CronPlace) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
        self.place = place
        self.daemon = try Daemon(program: program, folder: folder, window: "5s")
        _ = try await self.daemon.start()
    }

    /// Runs a script that nobody strikes.
    mutating func rehearse(_ script: CronScript, _ past: CronScript.Past) async throws -> CronUser.End {
        let user = try self.newUser()
        try await self.prepare(script, past, user)
        return try await self.start(script, of: user)
    }

    /// Strikes, and starts again until a start has come to its end; what goes wrong is a complaint.
    mutating func carryOut(_ item: CronSweep.Case) async {
        let before = self.verdict.complaints.count
        do {
            let user = try self.newUser()
            defer { self.verdict.name(complaintsFrom: before, "\(item) (\(user.folder))") }
            try await self.prepare(item.script, item.past, user)
            try await self.strike(item, user)
            for _ in 0..<3 {
                if CronVerdict.isWhole(try await self.start(item.script, of: user).output) { return }
            }
            self.verdict.complain("no start came to its end with three results")
        } catch {
            self.verdict.complain("\(item): \(error)")
        }
    }

    /// Stops the server and judges what it has stored.
    mutating func finish() async throws -> CronSweep.Report {
        for user in self.verdict.users { try await self.verdict.take(user.podLogs()) }
        try await self.daemon.stop()
        let apps = try StoredApps("\(self.daemon.data)/trails.sqlite")
        self.verdict.judge(apps)
        self.report.apps = apps.byID.count
        self.report.complaints = try await self.verdict.complaints + self.daemon.check(self.daemon.data)
        return self.report
    }

    private func newUser() throws -> CronUser {
        let folder = "\(self.folder)/user-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return CronUser(folder: folder, place: self.place, daemon: self.daemon)
    }

    /// Makes what the script needs, and the past that it is to find.
    private mutating func prepare(_ script: CronScript, _ past: CronScript.Past, _ user: CronUser) async throws {
        if script == .root { try await user.ok(["trails", "init-app", "nightly-etl"]) }
        try self.verdict.add(user, script)
        guard past != .none else { return }
        let first = try await user.start(script, killedBefore: past.rawValue)
        self.report.starts += 1
        guard first.code == 137 else { throw LabError("never came to \"\(past.rawValue)\"") }
    }

    private mutating func start(_ script: CronScript, of user: CronUser) async throws -> CronUser.End {
        let end = try await user.start(script)
        self.report.starts += 1
        self.verdict.take(end, isStruck: false)
        return end
    }

    private mutating func strike(_ item: CronSweep.Case, _ user: CronUser) async throws {
        let end = try await user.start(item.script, strike: item.strike)
        self.report.strikes[item.strike.weapon, default: 0] += 1
        self.report.starts += 1
        self.verdict.take(end, isStruck: true)
        switch item.strike.weapon {
        case .script: self.verdict.expect(end.code == 137, "the script ended with \(end.code)")
        case .group: if end.code != 137 { self.report.misses += 1 }
        case .trails: break
        case .server:
            self.verdict.judge(end, afterTheServerWasKilledAt: item.strike.at)
            try await self.daemon.kill()
            _ = try await self.daemon.start()
        }
    }
}
