import DurableFiles
import Simulator
import Testing

private let old = Array("the old form".utf8)
private let new = Array("the new form, and longer than the old one".utf8)

private func content(_ disk: any FileSystem, _ path: String = "/data/a") throws -> [UInt8]? {
    try disk.exists(path) ? disk.read(path, limit: 1_000) : nil
}

@Suite struct `An atomic file` {
    @Test func `is the old one or the new one after any crash`() async throws {
        let runs = try await CrashSweep().run(
            prepare: { try AtomicFile.create("/data/a", with: old, on: $0) },
            work: { try AtomicFile.replace("/data/a", with: new, on: $0) },
            check: { disk, acknowledged, run in
                let found = try content(disk)
                #expect(found == new || (found == old && !acknowledged), "\(run)")
                try AtomicFile.sweep("/data", on: disk)
                #expect(try disk.names(in: "/data") == ["a"], "\(run)")
                try AtomicFile.replace("/data/a", with: old, on: disk)
                #expect(try content(disk) == old, "\(run)")
            })
        #expect(runs > 400)
    }

    @Test func `that is created is there whole or not at all after any crash`() async throws {
        try await CrashSweep().run(
            work: { try AtomicFile.create("/data/a", with: new, on: $0) },
            check: { disk, acknowledged, run in
                let found = try content(disk)
                #expect(found == new || (found == nil && !acknowledged), "\(run)")
            })
    }

    /// The five steps: open, write, sync, rename, sync of the directory.
    @Test(arguments: 1...5, [FaultyFileSystem.Fault.full, .io, .short(1), .short(7)])
    func `is the old one or the new one after any fault`(step: Int, fault: FaultyFileSystem.Fault) throws {
        let disk = FaultyFileSystem()
        try AtomicFile.create("/data/a", with: old, on: disk)
        disk.restart(after: .init(bytes: .dropped, names: .dropped), faults: [step: fault])
        let acknowledged = (try? AtomicFile.replace("/data/a", with: new, on: disk)) != nil
        let seen = try content(disk)
        #expect(seen == new || (seen == old && !acknowledged))
        disk.restart(after: .init(bytes: .dropped, names: .dropped))
        let found = try content(disk)
        #expect(found == new || (found == old && !acknowledged))
        var isHarmless = false
        if case .short = fault { isHarmless = true }
        #expect(acknowledged == isHarmless)
    }

    @Test(arguments: Engine.allCases) func `is created once`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        try AtomicFile.create("\(home)/a", with: old, on: files)
        let refusal = code { () throws(FileError) in try AtomicFile.create("\(home)/a", with: new, on: files) }
        #expect(refusal == .exists)
        #expect(try files.names(in: home) == ["a"])
        #expect(try content(files, "\(home)/a") == old)
    }

    @Test(arguments: Engine.allCases) func `has the permissions asked for`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        try AtomicFile.replace("\(home)/a", with: old, on: files)
        try AtomicFile.replace("\(home)/b", with: old, permissions: Permissions(rawValue: 0o400), on: files)
        #expect(try files.status(of: "\(home)/a").permissions == .privateFile)
        #expect(try files.status(of: "\(home)/b").permissions.rawValue == 0o400)
    }

    @Test(arguments: Engine.allCases)
    func `loses its temporary files to a sweep, unless somebody writes them`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        try AtomicFile.create("\(home)/a", with: old, on: files)
        let stale = try files.open("\(home)/.tmp-1", OpenOptions(.readWrite, creation: .exclusive))
        try stale.close()
        let live = try files.open("\(home)/.tmp-2", OpenOptions(.readWrite, creation: .exclusive))
        #expect(try live.tryLock())
        #expect(try AtomicFile.sweep(home, on: files) == 1)
        #expect(try files.names(in: home) == [".tmp-2", "a"])
    }
}

@Suite struct `A writer of an atomic file` {
    @Test func `is not disturbed by a sweep while it writes`() throws {
        let disk = Interrupted(FaultyFileSystem(), before: { try AtomicFile.sweep("/data", on: $0) })
        try AtomicFile.replace("/data/a", with: new, on: disk)
        #expect(try content(disk) == new)
    }

    @Test func `begins again when a sweep comes before it has the lock`() throws {
        let disk = Interrupted(
            FaultyFileSystem(),
            afterFirstOpen: { disk in
                for name in try disk.names(in: "/data") { try disk.unlink("/data/\(name)") }
            })
        try AtomicFile.replace("/data/a", with: new, on: disk)
        #expect(try content(disk) == new)
    }
}

@Suite struct `A durable directory` {
    @Test func `is there with all above it once it was made`() async throws {
        try await CrashSweep().run(
            work: { disk in
                try DurableDirectory.make("/data/x/y/z", on: disk)
                try AtomicFile.create("/data/x/y/z/f", with: new, on: disk)
            },
            check: { disk, acknowledged, run in
                let found = try content(disk, "/data/x/y/z/f")
                #expect(found == new || (found == nil && !acknowledged), "\(run)")
            })
    }

    @Test func `that another process made is made durable too`() async throws {
        try await CrashSweep().run(
            work: { disk in
                try disk.makeDirectory("/data/x", permissions: .privateDirectory)
                try DurableDirectory.make("/data/x", on: disk)
            },
            check: { disk, acknowledged, run in
                let isThere = try disk.exists("/data/x")
                #expect(isThere || !acknowledged, "\(run)")
            })
    }

    @Test(arguments: Engine.allCases) func `is refused where a file is`(engine: Engine) throws {
        let (files, home, keep) = engine.scene
        defer { withExtendedLifetime(keep) {} }
        try AtomicFile.create("\(home)/f", with: old, on: files)
        #expect(
            code { () throws(FileError) in try DurableDirectory.make("\(home)/f", on: files) } == .notDirectory)
    }
}
