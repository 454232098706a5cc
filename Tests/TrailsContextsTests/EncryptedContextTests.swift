import DurableFiles
import Simulator
import Testing
import TrailsContexts
import Vocabulary

@Suite struct `An encrypted context` {
    let disk = FaultyFileSystem()
    let encryption = ContextStore.Encryption(passphrase: secret, cost: cheap)
    let path = "/data/trails/a/root.yml"
    var contexts: ContextStore { store(self.disk) }

    private func readFailure(_ passphrase: String) -> ContextError? {
        failure { _ = try self.contexts.read(root("a"), passphrase: passphrase) }
    }

    @Test func `gives its key to the passphrase only`() throws {
        try self.contexts.create(sample, as: root("a"), encryption: self.encryption)
        let text = try self.disk.text(self.path)
        #expect(!text.contains("private_key") && !text.contains("AAECAw") && text.contains("sealed: \""))
        let locked = try self.contexts.read(root("a"))
        #expect(locked.isEncrypted && locked.privateKey == nil && locked.server == sample.server)
        #expect(try self.contexts.read(root("a"), passphrase: secret).privateKey == seed)
        let error = self.readFailure("open sesame ")
        #expect(error?.code == .wrongPassphrase)
        #expect(error?.message == "\(self.path): wrong passphrase, or the file was changed")
    }

    @Test func `derives its key once, however often it is opened and changed`() throws {
        let keys = PassphraseKeys()
        let contexts = ContextStore(home: "/data/trails", on: self.disk, keys: keys) { sample.createdAt }
        try contexts.create(sample, as: root("a"), encryption: self.encryption)
        let text = try self.disk.text(self.path)
        for number in 1...3 {
            #expect(try contexts.read(root("a"), passphrase: secret).privateKey == seed)
            try contexts.update(root("a"), passphrase: secret) { $0.server = "ws://elsewhere/\(number)" }
        }
        #expect(keys.count == 1)
        #expect(failure { _ = try contexts.read(root("a"), passphrase: "open says me") }?.code == .wrongPassphrase)
        #expect(keys.count == 2)
        let sealed = { (text: String) in text.split(separator: "\n").first { $0.hasPrefix("sealed:") } }
        #expect(sealed(text) != sealed(try self.disk.text(self.path)), "sealed twice alike")
    }

    @Test func `can be made of a plain one`() throws {
        try self.contexts.create(sample, as: root("a"))
        try self.contexts.addChild(child(1), to: root("a"))
        try self.contexts.encrypt(root("a"), self.encryption)
        let context = try self.contexts.read(root("a"), passphrase: secret)
        #expect(context.privateKey == seed && context.children == [child(1)])
        #expect(try !self.disk.text(self.path).contains("private_key"))
        let again = failure { try self.contexts.encrypt(root("a"), self.encryption) }
        #expect(again?.code == .isEncrypted)
    }

    @Test func `takes children without the passphrase, other changes with it only`() throws {
        try self.contexts.create(sample, as: root("a"), encryption: self.encryption)
        let before = try self.disk.text(self.path)
        try self.contexts.addChild(child(1), to: root("a"))
        #expect(try self.disk.text(self.path).hasPrefix(before))
        let refusal = failure {
            try self.contexts.update(root("a")) { $0.server = "ws://elsewhere/ws" }
        }
        #expect(refusal?.code == .needsPassphrase)
        try self.contexts.update(root("a"), passphrase: secret) { $0.server = "ws://elsewhere/ws" }
        let context = try self.contexts.read(root("a"), passphrase: secret)
        #expect(context.server == "ws://elsewhere/ws" && context.privateKey == seed)
        #expect(context.children == [child(1)] && context.isEncrypted)
    }

    @Test func `is refused with any byte changed`() throws {
        try self.contexts.create(sample, as: root("a"), encryption: self.encryption)
        let whole = try self.disk.read(self.path, limit: 10_000)
        var accepted: [Int] = []
        for place in whole.indices {
            for flip in [0x01, 0x04, 0x20, 0x80] as [UInt8] {
                var bytes = whole
                bytes[place] ^= flip
                try AtomicFile.replace(self.path, with: bytes, on: self.disk)
                if self.readFailure(secret) == nil { accepted.append(place) }
            }
        }
        #expect(accepted.isEmpty)
    }

    @Test func `is refused with a part cut off, doubled or added`() throws {
        try self.contexts.create(sample, as: root("a"), encryption: self.encryption)
        let text = try self.disk.text(self.path)
        let line = text.split(separator: "\n").last.map(String.init) ?? ""
        let others = [
            String(text.dropLast(1)), String(text.dropLast(2)), text + line + "\n", text + "# x\n", text + "x: 1\n",
            "# x\n" + text, text.replacing("sealed: ", with: "sealed:  "), text.replacing("==\"", with: "\""),
            text.replacing("sec_level: \"signed\"", with: "sec_level: \"open\""),
            text.replacing("kdf_passes: 1", with: "kdf_passes: 99"), text.replacing("8192", with: "8191"),
            text.replacing("8192", with: "1073741825"), text + "children: [] # x\n",
        ]
        for other in others where other != text {
            try AtomicFile.replace(self.path, with: Array(other.utf8), on: self.disk)
            #expect(self.readFailure(secret) != nil, "\(other)")
        }
    }

    @Test func `is bound to its identity`() throws {
        try self.contexts.create(sample, as: root("a"), encryption: self.encryption)
        try AtomicFile.replace(
            self.path,
            with: Array(
                try self.disk.text(self.path).replacing("company.com", with: "company.net")
                    .utf8), on: self.disk)
        #expect(self.readFailure(secret)?.code == .wrongPassphrase)
    }

    @Test func `needs a passphrase and an allowed cost to be made`() throws {
        for encryption in [
            ContextStore.Encryption(passphrase: "", cost: cheap),
            ContextStore.Encryption(passphrase: secret, cost: PassphraseCost(passes: 11, memory: 8_192)),
            ContextStore.Encryption(passphrase: secret, cost: PassphraseCost(passes: 1, memory: 8_191)),
        ] {
            let error = failure {
                try self.contexts.create(sample, as: root("a"), encryption: encryption)
            }
            #expect(error?.code == .badPassphrase)
        }
        #expect(try !self.contexts.exists(name("a")))
    }

    @Test func `is made with the moderate cost of libsodium by default`() {
        #expect(PassphraseCost.moderate == PassphraseCost(passes: 3, memory: 256 << 20))
    }
}
