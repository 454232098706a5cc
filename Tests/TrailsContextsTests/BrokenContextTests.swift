import DurableFiles
import Glibc
import Simulator
import Testing
import TrailsContexts
import Vocabulary

@Suite struct `A context file that is not in order` {
    let scratch = ScratchDirectory()
    let files = POSIXFileSystem()
    var contexts: ContextStore { store(self.files, home: "\(self.scratch.path)/t") }
    var path: String { "\(self.scratch.path)/t/a/root.yml" }

    init() throws {
        try self.contexts.create(sample, as: root("a"))
    }

    func failures() -> [ContextError?] {
        [
            failure { _ = try self.contexts.read(root("a")) },
            failure { try self.contexts.addChild(child(1), to: root("a")) },
            failure {
                try self.contexts.encrypt(root("a"), .init(passphrase: secret, cost: cheap))
            },
        ]
    }

    @Test(
        arguments: [
            ("start_day: 55", "start_day: [55", nil), ("start_day: 55", "start_day: x", 6),
            ("start_day: 55\n", "", nil), ("start_day: 55", "start_day: 55\nstart_day: 56", 6),
            ("start_day: 55", "start_day: 55\n!x start_day: 56", 7), ("app_id: \"550", "app_id: \"x50", 1),
            ("pub_key: \"ed25519:A", "pub_key: \"ed25519:B", 5),
            ("private_key: \"ed25519:A", "private_key: \"ed25518:A", 4), ("sec_level: \"signed\"", "sec_level: top", 9),
            ("start_day: 55", "start_day: &x 55\nother: *x", 6), ("start_day: 55", "start_day: 55\r", 6),
            ("start_day: 55", "children: 1\nstart_day: 55", 6),
            ("start_day: 55", "children:\n  - app_id: 1\n    app_name: x\nstart_day: 55", 7),
            ("app_id", "- app_id", nil), ("app_id", "\u{0}app_id", nil),
            ("2025-02-25", "2025-02-30", 7), ("start_day: 55", "start_day: 55\nstart_day", nil),
        ] as [(String, String, Int?)])
    func `is refused with its line and left as it is`(old: String, new: String, line: Int?) throws {
        let text = try self.files.text(self.path).replacing(old, with: new)
        try AtomicFile.replace(self.path, with: Array(text.utf8), on: self.files)
        for error in self.failures() {
            #expect(error?.code == .broken)
            if let line {
                #expect(error?.line == line)
                #expect(error?.message.hasPrefix("\(self.path), line \(line): ") == true)
            }
            #expect(error?.message.contains("AAECAw") == false)
        }
        #expect(try self.files.text(self.path) == text)
    }

    @Test(
        .timeLimit(.minutes(10)),
        arguments: [
            "x0: &x0 [y, y]\n" + (1..<60).map { "x\($0): &x\($0) [*x\($0 - 1), *x\($0 - 1)]\n" }.joined(),
            "x0: &x0 [y, y]\n" + (1..<8).map { "x\($0): &x\($0) [*x\($0 - 1), *x\($0 - 1)]\n" }.joined()
                + "? *x7\n: 1\n",
            "x0: &x0 [y, y]\n" + (1..<60).map { "x\($0): &x\($0) [*x\($0 - 1), *x\($0 - 1)]\n" }.joined()
                + "? *x59\n: 1\n",
            String(repeating: "[", count: 500_000), String(repeating: "- ", count: 500_000),
            String(repeating: "{a: ", count: 200_000), "a: \"" + String(repeating: "x", count: 1 << 20) + "\"\n",
        ])
    func `is refused soon, however large it would unfold`(text: String) throws {
        try AtomicFile.replace(self.path, with: Array(text.utf8), on: self.files)
        for error in self.failures() { #expect([.broken, .file].contains(error?.code)) }
        #expect(try self.files.text(self.path) == text)
    }

    @Test(arguments: ["", "a/", "a/root.yml"]) func `is refused when others may touch it`(place: String) throws {
        let path = "\(self.scratch.path)/t/\(place)"
        chmod(path, place.hasSuffix("yml") ? 0o640 : 0o750)
        for error in self.failures() {
            #expect(error?.code == .unsafe)
            #expect(error?.hint?.hasPrefix("run \"chmod \(place.hasSuffix("yml") ? 600 : 700) ") == true)
        }
        #expect(failure { try self.contexts.remove(root("a")) }?.code == .unsafe)
    }

    @Test func `is refused when it is a link`() throws {
        try self.files.rename(self.path, to: "\(self.scratch.path)/elsewhere")
        symlink("\(self.scratch.path)/elsewhere", self.path)
        for error in self.failures() { #expect(error?.code == .unsafe) }
        #expect(failure { try self.contexts.create(sample, as: root("a")) }?.code == .exists)
    }

    @Test func `is refused when its directory is a link`() throws {
        let directory = "\(self.scratch.path)/t/a"
        try self.files.rename(directory, to: "\(self.scratch.path)/elsewhere")
        symlink("\(self.scratch.path)/elsewhere", directory)
        for error in self.failures() { #expect(error?.code == .unsafe) }
        #expect(failure { try self.contexts.create(sample, as: root("a")) }?.code == .unsafe)
    }
}

@Suite struct `A private seed` {
    @Test func `never prints itself`() {
        var dumped = ""
        dump(seed, to: &dumped)
        dump(sample, to: &dumped)
        let shown = "\(seed) \(String(reflecting: seed)) \(sample) \(dumped)"
        #expect(!shown.contains("AAECAw") && !shown.contains("SymmetricKey"))
        #expect(seed.description == "ed25519:(private)")
    }

    @Test func `reads what it writes, and has its public key`() {
        #expect(PrivateSeed(secretText: seed.secretText) == seed)
        #expect(seed.publicKey.description == "ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=")
        #expect(PrivateSeed(secretText: "ed25519:AAAA") == nil && PrivateSeed(bytes: [1]) == nil)
        #expect(PrivateSeed.random() != PrivateSeed.random())
    }
}
