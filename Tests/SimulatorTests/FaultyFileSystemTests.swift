import DurableFiles
import Simulator
import Testing

typealias Damage = FaultyFileSystem.Damage

private let old = Array("old".utf8)
private let new = Array("new and longer".utf8)

/// Opens, writes and closes; the caller says whether the sync is left out.
private func write(_ bytes: [UInt8], to path: String, syncing: Bool, on disk: any FileSystem) throws {
    let file = try disk.open(path, OpenOptions(.readWrite, creation: .ifMissing))
    try file.writeAll(bytes, at: 0)
    if syncing { try file.sync() }
    try file.close()
}

/// All contents that `/data/a` is found with after a crash somewhere in `work`, and whether "done" was kept.
private func outcomes(
    _ work: (FaultyFileSystem) throws -> Void
) async throws -> (contents: Set<[UInt8]?>, keptPromise: Bool) {
    var contents: Set<[UInt8]?> = []
    var keptPromise = true
    try await CrashSweep(seeds: 0..<4).run(
        prepare: { disk in
            try write(old, to: "/data/a", syncing: true, on: disk)
            try disk.syncDirectory("/data")
        },
        work: work,
        check: { disk, acknowledged, _ in
            let found = try disk.exists("/data/a") ? disk.read("/data/a", limit: 100) : nil
            contents.insert(found)
            if acknowledged && found != new { keptPromise = false }
        })
    return (contents, keptPromise)
}

@Suite struct `The simulated disk` {
    @Test func `keeps the promise of a replace that does everything`() async throws {
        let (contents, keptPromise) = try await outcomes { disk in
            try write(new, to: "/data/t", syncing: true, on: disk)
            try disk.rename("/data/t", to: "/data/a")
            try disk.syncDirectory("/data")
        }
        #expect(contents == [old, new] && keptPromise)
    }

    @Test func `catches a replace without a sync of the file`() async throws {
        let (contents, keptPromise) = try await outcomes { disk in
            try write(new, to: "/data/t", syncing: false, on: disk)
            try disk.rename("/data/t", to: "/data/a")
            try disk.syncDirectory("/data")
        }
        #expect(contents.contains([]) && contents.contains(Array(repeating: 0, count: new.count)))
        #expect(contents.contains { $0.map { !$0.isEmpty && $0.count < new.count && new.starts(with: $0) } ?? false })
        #expect(contents.contains { $0.map { zip($0, new).count { $0.0 != $0.1 } == 1 } ?? false })
        #expect(!keptPromise)
    }

    @Test func `catches a replace without a sync of the directory`() async throws {
        let (contents, keptPromise) = try await outcomes { disk in
            try write(new, to: "/data/t", syncing: true, on: disk)
            try disk.rename("/data/t", to: "/data/a")
        }
        #expect(contents == [old, new] && !keptPromise)
    }

    @Test func `catches a file written in place`() async throws {
        let (contents, keptPromise) = try await outcomes { try write(new, to: "/data/a", syncing: true, on: $0) }
        #expect(contents.count > 5 && keptPromise)
    }

    @Test func `catches a name removed before the new one is there`() async throws {
        let (contents, _) = try await outcomes { disk in
            try write(new, to: "/data/t", syncing: true, on: disk)
            try disk.unlink("/data/a")
            try disk.rename("/data/t", to: "/data/a")
            try disk.syncDirectory("/data")
        }
        #expect(contents.contains(nil))
    }

    @Test func `may lose a file between two directories`() async throws {
        var losses = 0
        try await CrashSweep(directories: ["/data", "/other"], seeds: 0..<8).run(
            prepare: { try AtomicFile.create("/data/a", with: old, on: $0) },
            work: { disk in
                try disk.rename("/data/a", to: "/other/a")
                try disk.syncDirectory("/data")
                try disk.syncDirectory("/other")
            },
            check: { disk, _, _ in
                if try !disk.exists("/data/a") && !disk.exists("/other/a") { losses += 1 }
            })
        #expect(losses > 0)
    }

    @Test func `may lose a new directory with all that is in it`() throws {
        let disk = FaultyFileSystem()
        try disk.makeDirectory("/data/d", permissions: .privateDirectory)
        try AtomicFile.create("/data/d/f", with: new, on: disk)
        disk.restart(after: Damage(bytes: .kept, names: .dropped))
        #expect(try !disk.exists("/data/d"))
    }

    @Test func `may bring back what was removed`() throws {
        let disk = FaultyFileSystem()
        try AtomicFile.create("/data/a", with: new, on: disk)
        try disk.unlink("/data/a")
        disk.restart(after: Damage(bytes: .kept, names: .dropped))
        #expect(try disk.read("/data/a", limit: 100) == new)
        try disk.unlink("/data/a")
        try disk.syncDirectory("/data")
        disk.restart(after: Damage(bytes: .kept, names: .dropped))
        #expect(try !disk.exists("/data/a"))
    }

    @Test(arguments: Damage.allCases) func `touches nothing that was synced`(damage: Damage) throws {
        let disk = FaultyFileSystem(seed: 3)
        try write(old + new, to: "/data/a", syncing: true, on: disk)
        try disk.syncDirectory("/data")
        let file = try disk.open("/data/a", OpenOptions(.readWrite, appends: true))
        try file.appendAll(new)
        disk.restart(after: damage)
        #expect(try disk.read("/data/a", limit: 100).starts(with: old + new))
    }

    @Test func `answers nothing between crash and restart, and nothing to files of an earlier life`() throws {
        let disk = FaultyFileSystem(crashAt: 4)
        let file = try disk.open("/data/a", OpenOptions(.readWrite, creation: .ifMissing))
        #expect(throws: FileError.self) { try file.writeAll(new, at: 0) }
        #expect(disk.hasCrashed)
        #expect(throws: FileError.self) { try disk.names(in: "/data") }
        #expect(throws: FileError.self) { try file.tryLock() }
        disk.restart(after: Damage(bytes: .kept, names: .kept))
        #expect(try disk.read("/data/a", limit: 100) == new)  // crashed after the operation, not before
        #expect(throws: FileError.self) { try file.writeAll(new, at: 0) }
        #expect(throws: FileError.self) { try file.sync() }
    }

    @Test func `crashes the same way with the same seed`() throws {
        func ending(_ seed: UInt64) throws -> [UInt8] {
            let disk = FaultyFileSystem(seed: seed)
            try AtomicFile.create("/data/a", with: [], on: disk)
            try write(Array(repeating: 7, count: 1_000), to: "/data/a", syncing: false, on: disk)
            disk.restart(after: Damage(bytes: .cut, names: .kept))
            return try disk.read("/data/a", limit: 1_000)
        }
        #expect(try ending(1) == ending(1))
        #expect(try Set((0..<9).map(ending)).count > 3)
    }
}

@Suite struct `A planned fault` {
    @Test func `takes a few bytes of a write only`() throws {
        let disk = FaultyFileSystem(faults: [2: .short(3), 3: .short(0)])
        let file = try disk.open("/data/a", OpenOptions(.readWrite, creation: .ifMissing))
        #expect(try file.write(new[...], at: 0) == 3)
        #expect(try file.write(new[3...], at: 3) == 1)
        #expect(try file.write(new[4...], at: 4) == new.count - 4)
        #expect(try file.readAll(limit: 100) == new)
    }

    @Test func `fills the disk or breaks it, for one operation`() throws {
        let disk = FaultyFileSystem(faults: [2: .full, 3: .io])
        let file = try disk.open("/data/a", OpenOptions(.readWrite, creation: .ifMissing))
        func attempt() -> FileError.Code? {
            do throws(FileError) { try file.writeAll(new, at: 0) } catch { return error.code }
            return nil
        }
        #expect([attempt(), attempt(), attempt()] == [.full, .io, nil])
    }

    @Test func `that befalls a sync poisons the file and loses the writes for ever`() throws {
        let disk = FaultyFileSystem(faults: [3: .io])
        let file = try disk.open("/data/a", OpenOptions(.readWrite, creation: .ifMissing))
        try file.writeAll(old, at: 0)
        func code(_ body: () throws(FileError) -> Void) -> FileError.Code? {
            do throws(FileError) { try body() } catch { return error.code }
            return nil
        }
        #expect(code { () throws(FileError) in try file.sync() } == .io)
        #expect(code { () throws(FileError) in try file.sync() } == .poisoned)
        #expect(code { () throws(FileError) in try file.writeAll(old, at: 0) } == .poisoned)
        #expect(try disk.read("/data/a", limit: 100) == old)  // the cache still shows it

        let again = try disk.open("/data/a", OpenOptions(.readWrite, appends: true))
        try again.appendAll(new)
        try again.sync()
        try disk.syncDirectory("/data")
        disk.restart(after: Damage(bytes: .kept, names: .kept))
        #expect(try disk.read("/data/a", limit: 100) == [0, 0, 0] + new)
    }
}
