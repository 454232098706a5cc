import DurableFiles
import Simulator
import Testing
import TrailsContexts
import Vocabulary

/// Every step of every change, with every damage: the old file or the new one, and a store one can go on with.
@Suite struct `A context after a crash` {
    private let encryption = ContextStore.Encryption(passphrase: secret, cost: cheap)

    private func found(_ disk: FaultyFileSystem, _ id: ContextID) throws -> Context? {
        try store(disk).exists(id.name) ? store(disk).read(id, passphrase: secret) : nil
    }

    @Test func `is there or not when it was being created`() async throws {
        let id = try root("a")
        try await CrashSweep(seeds: 0..<1).run(
            work: { try store($0).create(sample, as: id) },
            check: { disk, acknowledged, run in
                let context = try self.found(disk, id)
                #expect(context == sample || (context == nil && !acknowledged), "\(run)")
                if context == nil { try store(disk).create(sample, as: id) }
                #expect(try self.found(disk, id) == sample, "\(run)")
            })
    }

    @Test func `is the old or the new one when it was being changed`() async throws {
        let id = try kept("a")
        var new = sample
        new.server = "ws://elsewhere/ws"
        try await CrashSweep(seeds: 0..<1).run(
            prepare: { try store($0).create(sample, as: id) },
            work: { try store($0).update(id) { $0.server = "ws://elsewhere/ws" } },
            check: { disk, acknowledged, run in
                let context = try self.found(disk, id)
                #expect(context == new || (context == sample && !acknowledged), "\(run)")
                try store(disk).addChild(child(1), to: id)
                #expect(try disk.names(in: "/data/trails/contexts") == ["a.yml"], "\(run)")
            })
    }

    @Test func `has its children, old or new`() async throws {
        let id = try root("a")
        try await CrashSweep(seeds: 0..<1).run(
            prepare: { try store($0).create(sample, as: id, encryption: self.encryption) },
            work: { disk in
                try store(disk).addChild(child(1), to: id)
                try store(disk).addChild(child(2), to: id)
            },
            check: { disk, acknowledged, run in
                let context = try self.found(disk, id)
                #expect(context?.privateKey == seed, "\(run)")
                let children = context?.children ?? []
                #expect([child(1), child(2)].starts(with: children), "\(run)")
                #expect(children.count == 2 || !acknowledged, "\(run)")
            })
    }

    @Test func `is plain or encrypted when it was being encrypted`() async throws {
        let id = try root("a")
        try await CrashSweep(seeds: 0..<1).run(
            prepare: { try store($0).create(sample, as: id) },
            work: { try store($0).encrypt(id, self.encryption) },
            check: { disk, acknowledged, run in
                let context = try self.found(disk, id)
                #expect(context?.privateKey == seed, "\(run)")
                #expect(context?.isEncrypted == true || !acknowledged, "\(run)")
            })
    }

    @Test func `is in its place or in the trash when it was being removed`() async throws {
        let id = try root("a")
        try await CrashSweep(seeds: 0..<1).run(
            prepare: { try store($0).create(sample, as: id) },
            work: { try store($0).remove(id) },
            check: { disk, acknowledged, run in
                let isThere = try self.found(disk, id) == sample
                let trash = "/data/trails/trash"
                let refuges = try disk.exists(trash) ? disk.names(in: trash).filter { $0.hasPrefix("a.") } : []
                let isSafe = try refuges.contains { try disk.text("\(trash)/\($0)").contains("AAECAw") }
                #expect(isThere || isSafe, "\(run)")
                #expect(!acknowledged || (isSafe && !isThere), "\(run)")
            })
    }
}
