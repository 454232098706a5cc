import DurableFiles
import Glibc
import Simulator
import Testing
import TrailsContexts
import Vocabulary

@Suite struct `A context store` {
    let disk = FaultyFileSystem()
    var contexts: ContextStore { store(self.disk) }

    @Test func `writes the fields of the seed in their order`() throws {
        var context = sample
        context.add(child(1))
        try self.contexts.create(context, as: root("nightly-etl"))
        #expect(
            try self.disk.text("/data/trails/nightly-etl/root.yml") == """
                app_id: "550e8400-e29b-41d4-a716-446655440000"
                app_name: "nightly-etl"
                server_ep: "wss://trails.company.com:8443/ws"
                private_key: "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
                pub_key: "ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
                start_day: 55
                created_at: "2025-02-25T22:00:00Z"
                server_pub_key: "ed25519:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
                sec_level: "signed"
                children:
                  - app_id: "00000000-0001-4000-8000-000000000001"
                    app_name: "step1"

                """)
    }

    @Test func `gives back what it was given`() throws {
        var context = sample
        context.securityLevel = .encrypted
        context.recoveryPublicKey = seed.publicKey
        context.add(Context.Child(appID: appID, appName: "a \"b\"\t\\ *c* & #d: é \u{85}\u{2028} 🏔\u{FEFF}"))
        try self.contexts.create(context, as: kept("deploy-v2.3"))
        #expect(try self.contexts.read(kept("deploy-v2.3")) == context)
        #expect(try self.disk.exists("/data/trails/contexts/deploy-v2.3.yml"))
    }

    @Test func `makes files 0600 and directories 0700`() throws {
        let scratch = ScratchDirectory()
        let files = POSIXFileSystem()
        let contexts = store(files, home: "\(scratch.path)/trails")
        try contexts.create(sample, as: root("a"))
        try contexts.create(sample, as: kept("b"))
        try contexts.addChild(child(1), to: root("a"))
        try contexts.remove(kept("b"))
        func modes(_ path: String) throws -> [String: UInt16] {
            var found: [String: UInt16] = [:]
            for name in try files.names(in: path) {
                let status = try files.status(of: "\(path)/\(name)")
                found[name] = status.permissions.rawValue
                if status.kind == .directory { found.merge(try modes("\(path)/\(name)")) { $1 } }
            }
            return found
        }
        #expect(
            try modes(scratch.path) == [
                "trails": 0o700, "a": 0o700, "contexts": 0o700, "trash": 0o700, "root.yml": 0o600, ".lock": 0o600,
                "b.kept.\(createdAt.milliseconds).yml": 0o600,
            ])
    }

    @Test func `refuses to create what is there`() throws {
        try self.contexts.create(sample, as: root("a"))
        var other = sample
        other.server = "ws://elsewhere/ws"
        #expect(failure { try self.contexts.create(other, as: root("a")) }?.code == .exists)
        #expect(try self.contexts.read(root("a")) == sample)
    }

    @Test func `refuses a private key that does not belong to the public one`() throws {
        var other = sample
        other.publicKey = PublicKey(bytes: [UInt8](repeating: 1, count: 32))!
        let refusal = failure { try self.contexts.create(other, as: root("a")) }
        #expect(refusal?.code == .keyMismatch)
        #expect(try !self.contexts.exists(name("a")))
    }

    @Test func `asks which one when a root and a kept context have the name`() throws {
        try self.contexts.create(sample, as: kept("a"))
        #expect(try self.contexts.find(name("a")) == kept("a"))
        try self.contexts.create(sample, as: root("a"))
        let error = failure { _ = try self.contexts.find(ContextName("a")) }
        #expect(error?.code == .ambiguous && error?.hint == "say which one: --root or --kept")
        #expect(try self.contexts.find(name("a"), kind: .root) == root("a"))
        #expect(try self.contexts.exists(name("a")) && !self.contexts.exists(name("b")))
        #expect(failure { _ = try self.contexts.find(ContextName("b")) }?.code == .notFound)
    }

    @Test(arguments: ["", ".a", "a/b", "a b", "é", "..", "Contexts", "SESSIONS", "trash", "config.YML", "a\n"])
    func `refuses the name`(text: String) {
        #expect(failure { _ = try ContextName(text) }?.code == .badName)
    }

    @Test func `takes names up to the limit`() throws {
        #expect(try name("locks").text == "locks")
        #expect(try name(String(repeating: "x", count: 128)).text.count == 128)
        #expect(throws: ContextError.self) { try name(String(repeating: "x", count: 129)) }
    }

    @Test func `keeps comments and fields it does not know`() throws {
        try self.contexts.create(sample, as: root("a"))
        let path = "/data/trails/a/root.yml"
        let extra = "future: [1, {a: \"b\"}]  # why\nmore:\n  deep: |\n    text: x\n"
        let text = try "# mine\n" + self.disk.text(path) + extra
        try AtomicFile.replace(path, with: Array(text.utf8), on: self.disk)
        try self.contexts.addChild(child(1), to: root("a"))
        #expect(try self.disk.text(path).hasPrefix(text + "children:\n"))
        try self.contexts.update(root("a")) { $0.server = "ws://elsewhere/ws" }
        let rewritten = try self.disk.text(path)
        #expect(rewritten.hasPrefix("# mine\napp_id:") && rewritten.contains(extra + "children:\n"))
        #expect(try self.contexts.read(root("a")).server == "ws://elsewhere/ws")
    }

    @Test func `notes a child once, and the newest only`() throws {
        try self.contexts.create(sample, as: root("a"))
        try self.contexts.addChild(child(1), to: root("a"))
        try self.contexts.addChild(child(2), to: root("a"))
        try self.contexts.addChild(child(1), to: root("a"))
        #expect(try self.contexts.read(root("a")).children == [child(2), child(1)])
        try self.contexts.update(root("a")) { context in
            for number in 10..<700 { context.add(child(UInt64(number))) }
        }
        let children = try self.contexts.read(root("a")).children
        #expect(children.count == Context.childrenMax && children.last == child(699))
        let long = Context.Child(appID: appID, appName: String(repeating: "x", count: Context.labelMax + 1))
        #expect(failure { try self.contexts.addChild(long, to: root("a")) }?.code == .tooLarge)
    }

    @Test func `has room for the longest children's names`() throws {
        try self.contexts.create(sample, as: root("a"))
        try self.contexts.update(root("a")) { context in
            for number in 0..<Context.childrenMax {
                let label = String(repeating: "\u{1}", count: Context.labelMax)
                context.add(Context.Child(appID: child(UInt64(number)).appID, appName: label))
            }
        }
        #expect(try self.contexts.read(root("a")).children.count == Context.childrenMax)
    }

    @Test(.timeLimit(.minutes(10))) func `loses no child when many add at once`() async throws {
        let scratch = ScratchDirectory()
        let contexts = store(POSIXFileSystem(), home: "\(scratch.path)/trails")
        let id = try root("a")
        try contexts.create(sample, as: id)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 as Range<UInt64> {
                group.addTask {
                    // A store of its own, as another process would have.
                    let mine = store(POSIXFileSystem(), home: "\(scratch.path)/trails")
                    for number in 0..<20 as Range<UInt64> { try mine.addChild(child(writer * 100 + number), to: id) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try contexts.read(id).children.count == 80)
    }

    @Test func `says who holds the lock`() throws {
        try self.contexts.create(sample, as: root("a"))
        let lock = try FileLock.attempt("/data/trails/.lock", on: self.disk)
        let hasty = ContextStore(home: "/data/trails", on: self.disk, patience: .milliseconds(1), now: { createdAt })
        let error = failure { try hasty.addChild(child(1), to: root("a")) }
        #expect(error?.code == .busy && error?.message.contains("process \(getpid())") == true)
        withExtendedLifetime(lock) {}
    }

    @Test func `lists all, broken ones too`() throws {
        #expect(try self.contexts.list().isEmpty)
        try self.contexts.create(sample, as: root("b"))
        try self.contexts.create(sample, as: kept("a"))
        try self.contexts.create(sample, as: kept("c"))
        try AtomicFile.replace("/data/trails/contexts/c.yml", with: Array("a: 1\nb: [\n".utf8), on: self.disk)
        try AtomicFile.create("/data/trails/config.yml", with: [], on: self.disk)
        let list = try self.contexts.list()
        #expect(try list.map(\.id) == [kept("a"), root("b"), kept("c")])
        #expect(try list[0].content.get() == sample)
        #expect(throws: ContextError.self) { try list[2].content.get() }
        guard case .failure(let error) = list[2].content else { return }
        #expect(error.code == .broken && error.line == 3)
    }
}

@Suite struct `A removed context` {
    let disk = FaultyFileSystem()

    @Test func `is in the trash, and out of the way`() throws {
        let contexts = store(self.disk)
        for number in 0..<2 as Range<UInt64> {
            try contexts.create(sample, as: root("a"))
            try contexts.addChild(child(number), to: root("a"))
            let path = try #require(try contexts.remove(root("a")))
            #expect(path == "/data/trails/trash/a.root.\(createdAt.milliseconds + Int64(number)).yml")
            #expect(try self.disk.text(path).contains("step\(number)"))
            #expect(try self.disk.names(in: "/data/trails") == [".lock", "trash"])
        }
        #expect(failure { try contexts.remove(root("a")) }?.code == .notFound)
    }

    @Test func `is gone when it is purged`() throws {
        let contexts = store(self.disk)
        try contexts.create(sample, as: kept("a"))
        #expect(try contexts.remove(kept("a"), purge: true) == nil)
        #expect(try !contexts.exists(name("a")) && !self.disk.exists("/data/trails/trash"))
    }

    @Test func `can be a broken one`() throws {
        let contexts = store(self.disk)
        try contexts.create(sample, as: kept("a"))
        try AtomicFile.replace("/data/trails/contexts/a.yml", with: [0xFF], on: self.disk)
        let path = try #require(try contexts.remove(kept("a")))
        #expect(try self.disk.read(path, limit: 9) == [0xFF])
    }

    @Test func `is swept after thirty days, and not before`() throws {
        try store(self.disk).create(sample, as: kept("a"))
        try store(self.disk).remove(kept("a"))
        let lifetime = ContextStore.trashLifetime
        #expect(try store(self.disk, now: createdAt + lifetime).sweepTrash() == 0)
        #expect(try self.disk.names(in: "/data/trails/trash").count == 1)
        #expect(try store(self.disk, now: createdAt + lifetime + .milliseconds(1)).sweepTrash() == 1)
        #expect(try self.disk.names(in: "/data/trails/trash").isEmpty)
    }
}
