import DurableFiles
import Glibc
import Simulator
import Testing
import TrailsContexts
import Vocabulary

/// Processes as a test wants them.
struct ProcessScene: ProcessTable {
    var caller: Int32
    var effectiveUser: UInt32 = 1_000
    var bootID: String? = "boot-1"
    var pidNamespace: String? = "4026531836"
    var processes: [Int32: ProcessFacts]

    func process(_ pid: Int32) -> ProcessFacts? { self.processes[pid] }

    /// One line a process: pid, parent, start time, name. The caller is the last one.
    init(_ lines: [(Int32, Int32, UInt64, String)]) {
        self.processes = Dictionary(
            uniqueKeysWithValues: lines.map { pid, parent, start, name in
                (pid, ProcessFacts(pid: pid, parent: parent, startTime: start, name: name))
            })
        self.caller = lines.last?.0 ?? 0
    }

    /// The same processes and one more, that asks.
    func adding(_ pid: Int32, under parent: Int32, name: String = "trails") -> Self {
        var scene = self
        scene.processes[pid] = ProcessFacts(pid: pid, parent: parent, startTime: 1_000, name: name)
        scene.caller = pid
        return scene
    }
}

@Suite struct `The selection of a session` {
    let disk = FaultyFileSystem()
    /// A login shell with two scripts under it.
    let shells = ProcessScene([
        (1, 0, 0, "systemd"), (50, 1, 1, "sshd"), (100, 50, 10, "bash"), (200, 100, 20, "a.sh"), (300, 100, 30, "b.sh"),
    ])

    init() throws {
        for app in ["one", "two"] { try store(self.disk).create(sample, as: root(app)) }
    }

    func sessions(_ scene: ProcessScene, at now: Timestamp = createdAt) -> SessionStore {
        SessionStore(home: "/data/trails", on: self.disk, processes: scene, now: { now })
    }

    func use(_ app: String, _ scene: ProcessScene) throws {
        _ = try self.sessions(scene).use(app, from: store(self.disk))
    }

    func selected(_ scene: ProcessScene, _ environment: [String: String] = [:]) throws -> SessionStore.Selection {
        try self.sessions(scene).selection(environment: environment)
    }

    func chosen(_ app: String) throws -> SessionStore.Selection { .context(try name(app), .root) }

    @Test func `is nothing before anybody selects`() throws {
        #expect(try self.selected(self.shells.adding(400, under: 100)) == .nothing)
    }

    @Test func `is each script's own`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        try self.use("two", self.shells.adding(301, under: 300))
        #expect(try self.selected(self.shells.adding(202, under: 200)) == self.chosen("one"))
        #expect(try self.selected(self.shells.adding(302, under: 300)) == self.chosen("two"))
        #expect(try self.selected(self.shells.adding(400, under: 100)) == .nothing)
    }

    @Test func `comes down from the shell above, and the nearest one wins`() throws {
        try self.use("one", self.shells.adding(101, under: 100))
        #expect(try self.selected(self.shells.adding(202, under: 200)) == self.chosen("one"))
        try self.use("two", self.shells.adding(201, under: 200))
        #expect(try self.selected(self.shells.adding(202, under: 200)) == self.chosen("two"))
        #expect(try self.selected(self.shells.adding(302, under: 300)) == self.chosen("one"))
    }

    @Test func `is seen from a subshell, and by a command the shell became`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        let subshell = self.shells.adding(205, under: 200, name: "bash")
        #expect(try self.selected(subshell.adding(206, under: 205)) == self.chosen("one"))
        var exec = self.shells
        exec.caller = 200
        #expect(try self.selected(exec) == self.chosen("one"))
    }

    @Test func `is the last one made`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        try self.use("two", self.shells.adding(202, under: 200))
        #expect(try self.selected(self.shells.adding(203, under: 200)) == self.chosen("two"))
    }

    @Test(arguments: ["sudo", "doas", "su", "timeout", "script", "xargs"])
    func `belongs to the shell above a wrapper`(wrapper: String) throws {
        let wrapped = self.shells.adding(201, under: 200, name: wrapper).adding(202, under: 201, name: wrapper)
        try self.use("one", wrapped.adding(203, under: 202))
        #expect(try self.selected(self.shells.adding(204, under: 200)) == self.chosen("one"))
        #expect(try self.disk.names(in: "/data/trails/sessions") == ["boot-1_4026531836_200_20_1000"])
    }

    @Test func `holds a name, never a key`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        let path = "/data/trails/sessions/boot-1_4026531836_200_20_1000"
        #expect(try self.disk.text(path) == "root one\n")
        #expect(try self.disk.status(of: path).permissions == .privateFile)
    }

    @Test func `that failed is none, and hides the one above`() throws {
        try self.use("one", self.shells.adding(101, under: 100))
        for bad in ["missing", "../x", ""] {
            #expect(throws: ContextError.self) { try self.use(bad, self.shells.adding(201, under: 200)) }
            #expect(try self.selected(self.shells.adding(202, under: 200)) == .failed)
        }
        #expect(try self.selected(self.shells.adding(400, under: 100)) == self.chosen("one"))
        try self.use("two", self.shells.adding(203, under: 200))
        try self.sessions(self.shells.adding(204, under: 200)).useNothing()
        #expect(try self.selected(self.shells.adding(205, under: 200)) == .failed)
    }

    @Test func `is not inherited by a later process with the same pid`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        var later = self.shells
        later.processes[200] = ProcessFacts(pid: 200, parent: 100, startTime: 99, name: "c.sh")
        #expect(try self.selected(later.adding(202, under: 200)) == .nothing)
        var rebooted = self.shells
        rebooted.bootID = "boot-2"
        #expect(try self.selected(rebooted.adding(202, under: 200)) == .nothing)
        var contained = self.shells
        contained.pidNamespace = "2"
        #expect(try self.selected(contained.adding(202, under: 200)) == .nothing)
        var other = self.shells
        other.effectiveUser = 0
        #expect(try self.selected(other.adding(202, under: 200)) == .nothing)
    }

    @Test func `is overridden by TRAILS_APP`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        let scene = self.shells.adding(202, under: 200)
        #expect(try self.selected(scene, ["TRAILS_APP": "two"]) == .context(name("two"), nil))
        #expect(try self.selected(scene, ["TRAILS_APP": ""]) == self.chosen("one"))
        #expect(throws: ContextError.self) { try self.selected(scene, ["TRAILS_APP": "../x"]) }
    }

    @Test func `is not trusted when another user owns the entry, and refused when others may write it`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        let path = "/data/trails/sessions/boot-1_4026531836_200_20_1000"
        try self.disk.setMode(path, owner: 7, permissions: .privateFile)
        #expect(try self.selected(self.shells.adding(202, under: 200)) == .nothing)
        try self.disk.setMode(path, permissions: Permissions(rawValue: 0o622))
        #expect(throws: ContextError.self) { try self.selected(self.shells.adding(202, under: 200)) }
    }

    @Test func `needs a session, or TRAILS_APP`() throws {
        let orphan = ProcessScene([(1, 0, 0, "systemd"), (7, 1, 5, "trails")])
        let adopted = ProcessScene([(1, 0, 0, "init"), (3, 1, 1, "systemd"), (7, 3, 5, "trails")])
        let hidden = ProcessScene([(7, 3, 5, "trails")])
        let gone = ProcessScene([])
        let stranger = ProcessScene([(3, 1, 9, "bash"), (7, 3, 5, "trails")])
        var nowhere = self.shells.adding(201, under: 200)
        nowhere.bootID = nil
        for scene in [orphan, adopted, hidden, gone, stranger, nowhere] {
            let error = failure {
                _ = try self.sessions(scene).use("one", from: store(self.disk))
            }
            #expect(error?.code == .noSession && error?.hint?.contains("TRAILS_APP=NAME") == true)
        }
        try self.use("one", self.shells.adding(201, under: 200))
        for scene in [hidden, gone, stranger, nowhere] {
            let error = failure { _ = try self.sessions(scene).selection(environment: [:]) }
            #expect(error?.code == .noSession)
            #expect(try self.selected(scene, ["TRAILS_APP": "two"]) == .context(name("two"), nil))
        }
    }

    @Test func `is swept when its process ended, or when it is old and from elsewhere`() throws {
        try self.use("one", self.shells.adding(201, under: 200))
        try self.use("two", self.shells.adding(301, under: 300))
        var elsewhere = self.shells
        elsewhere.bootID = "boot-2"
        let soon = Timestamp(milliseconds: 1_000)  // the simulated disk's clock begins in 1970
        _ = try self.sessions(elsewhere.adding(201, under: 200), at: soon).use("one", from: store(self.disk))
        var later = self.shells
        later.processes[200] = nil
        let fresh = self.sessions(later.adding(302, under: 300), at: soon)
        #expect(try fresh.sweep() == 1)
        let names = ["boot-1_4026531836_300_30_1000", "boot-2_4026531836_200_20_1000"]
        #expect(try self.disk.names(in: "/data/trails/sessions") == names)
        #expect(try self.sessions(later.adding(302, under: 300)).sweep() == 1)
        #expect(try self.disk.names(in: "/data/trails/sessions") == [names[0]])
    }

    @Test func `is remembered whole or not at all`() async throws {
        try await CrashSweep(seeds: 0..<1).run(
            prepare: { try store($0).create(sample, as: root("one")) },
            work: { disk in
                let scene = self.shells.adding(201, under: 200)
                let sessions = SessionStore(home: "/data/trails", on: disk, processes: scene, now: { createdAt })
                _ = try sessions.use("one", from: store(disk))
            },
            check: { disk, acknowledged, run in
                let scene = self.shells.adding(202, under: 200)
                let sessions = SessionStore(home: "/data/trails", on: disk, processes: scene, now: { createdAt })
                let selection = try sessions.selection(environment: [:])
                let chosen = try self.chosen("one")
                #expect(selection == chosen || (selection == .nothing && !acknowledged), "\(run)")
            })
    }
}

@Suite struct `The processes of this machine` {
    @Test func `are read from proc`() throws {
        let table = LinuxProcessTable()
        let me = try #require(table.process(table.caller))
        #expect(me.pid == getpid() && me.parent == getppid() && me.startTime > 0 && !me.name.isEmpty)
        #expect(table.process(0) == nil && table.process(Int32.max) == nil)
        #expect(table.bootID?.count == 36 && table.pidNamespace.flatMap { UInt64($0) } != nil)
        #expect(table.effectiveUser == geteuid())
    }

    @Test func `may have any name`() throws {
        let tail = "S 7 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 1 1"
        let facts = ProcessFacts(stat: "42 (a) b (c)) \(tail)\n")
        #expect(facts == ProcessFacts(pid: 42, parent: 7, startTime: 123_456, name: "a) b (c)"))
        for text in ["", "42", "42 (a", "42 (a) S 7", ")(", "x (a) \(tail)"] {
            #expect(ProcessFacts(stat: text) == nil)
        }
    }
}
