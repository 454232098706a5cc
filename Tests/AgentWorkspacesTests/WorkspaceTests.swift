import AgentCore
import AgentWorkspaces
import Testing
import Vocabulary

private func id(_ number: UInt64) -> AgentID { AgentID(high: 7, low: number) }

private let moment = Timestamp(milliseconds: 1_700_000_000_000)
private let me = WorkspaceNeighbours(agent: id(1), above: id(2), children: ["kid": id(3)])

private func key(_ scope: AgentID, _ name: String) -> WorkspaceKey { WorkspaceKey(scope: scope, name: name) }

/// Of the operator, an agent, its parent and its child, one each.
private func house() -> Workspaces {
    var all = Workspaces(folder: "/d/workspaces", daemonRoot: "/d")
    for one in [key(.user, "shared"), key(id(1), "mine"), key(id(2), "above"), key(id(3), "small")] {
        all.put(WorkspaceRecord(one, createdAt: moment))
    }
    return all
}

private func refusal<Value>(_ body: () throws(WorkspaceRefusal) -> Value) -> WorkspaceRefusal? {
    do throws(WorkspaceRefusal) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

@Suite struct `Names of workspaces` {
    @Test(arguments: ["a", "A-b_9", "0x", String(repeating: "w", count: 64)])
    func `are letters, digits, underscores and hyphens`(name: String) {
        #expect(WorkspaceLabel.isValid(name))
    }

    @Test(arguments: [
        "", "-a", "_a", ".", "..", "a/b", "a b", "ä", "a.b", "user", "System", "USER", "a\0", "a\n",
        String(repeating: "w", count: 65),
    ])
    func `are no paths, and nobody's title`(name: String) {
        #expect(!WorkspaceLabel.isValid(name))
        #expect(refusal { () throws(WorkspaceRefusal) in try house().checkNew(key(.user, name)) } == .badName(name))
    }

    @Test func `are said as one's own, of a child, or of who is above`() throws {
        #expect(try WorkspaceReference("w") == .own("w"))
        #expect(try WorkspaceReference("kid/w") == .child("kid", "w"))
        #expect(try WorkspaceReference("../w") == .above("w"))
        for bad in ["", ".", "..", "/w", "w/", "./w", "a/b/c", "../../w", "../", "kid/../w", "USER/w", "w/."] {
            #expect(refusal { () throws(WorkspaceRefusal) in try WorkspaceReference(bad) } == .badReference(bad))
        }
    }

    @Test func `are as in the logs when they are written, with their scope`() {
        let one = key(id(1), "mine")
        #expect(WorkspaceKey(one.json) == one)
        for bad: JSONValue in ["mine", ["x", "mine"], [.string(id(1).hex), "../up"], [.string(id(1).hex)], nil] {
            #expect(WorkspaceKey(bad) == nil)
        }
    }
}

@Suite struct `What an agent sees of workspaces` {
    @Test func `is its own, its children's, and those of who is above`() throws {
        let seen = house().visible(to: me)
        #expect(seen.map(\.reference) == ["mine", "kid/small", "../above"])
        #expect(seen.map(\.isMutable) == [true, true, false])
        #expect(try house().visible("../above", to: me) == key(id(2), "above"))
        let root = WorkspaceNeighbours(agent: id(2), above: .user, children: ["mid": id(1)])
        #expect(house().visible(to: root).map(\.reference) == ["above", "mid/mine", "../shared"])
    }

    @Test func `can be changed where it is its own or its children's`() throws {
        #expect(try house().changeable("kid/small", by: me) == key(id(3), "small"))
        #expect(
            refusal { () throws(WorkspaceRefusal) in try house().changeable("../above", by: me) }
                == .notYours("../above"))
        #expect(
            refusal { () throws(WorkspaceRefusal) in try house().changeable("other/small", by: me) }
                == .noChild("other"))
        #expect(refusal { () throws(WorkspaceRefusal) in try house().visible("none", to: me) } == .unknown("none"))
    }

    @Test func `whose record is damaged is refused with the reason`() {
        var all = house()
        all.note(key(id(1), "bent"), isDamaged: "it is no JSON object")
        let damage = WorkspaceRefusal.damaged(key(id(1), "bent"), "it is no JSON object")
        #expect(refusal { () throws(WorkspaceRefusal) in try all.visible("bent", to: me) } == damage)
        #expect(refusal { () throws(WorkspaceRefusal) in try all.checkNew(key(id(1), "bent")) } == damage)
        #expect(
            refusal { () throws(WorkspaceRefusal) in try all.deletion(of: key(id(1), "bent"), assigned: [:]) } == damage
        )
    }
}

@Suite struct `A record of a workspace` {
    @Test func `reads what it has written`() throws {
        let link = WorkspaceLink(hostPath: "/srv/x", mountPath: "in/x", mode: .readWrite)
        let record = WorkspaceRecord(
            key(.user, "w"), hasNetwork: true, links: [link], createdAt: moment, madeBy: "s/3")
        #expect(try WorkspaceRecord(.object(record.json(root: "/d/w/root")), at: record.key) == record)
    }

    @Test func `of an older program has no version, and is read`() throws {
        let text = """
            {"name":"w","scope":"00000000000000000000000000000001","root_path":"/old/root","network_access":false,
            "links":[{"host_path":"/srv","mount_path":"/srv/","mode":"ro"}],
            "created_at":"2026-03-01T10:00:00.000000+00:00"}
            """
        let record = try WorkspaceRecord(try JSONValue(parsing: text), at: key(.user, "w"))
        #expect(record.links == [WorkspaceLink(hostPath: "/srv", mountPath: "srv", mode: .readOnly)])
    }

    @Test(arguments: [
        (#"[]"#, "no JSON object"), (#"{"v":2}"#, "a later version (2)"), (#"{"v":"x"}"#, "no number"),
        (#"{"name":"other","created_at":"2026-03-01T10:00:00Z"}"#, "another workspace"),
        (#"{"scope":"x","created_at":"2026-03-01T10:00:00Z"}"#, "another workspace"),
        (#"{"created_at":"soon"}"#, "no moment"), (#"{"network_access":3}"#, "neither true nor false"),
        (#"{"created_at":"2026-03-01T10:00:00Z","links":[{"host_path":"x","mount_path":"y","mode":"ro"}]}"#, "a link"),
        (
            #"{"created_at":"2026-03-01T10:00:00Z","links":[{"host_path":"/x","mount_path":"..","mode":"ro"}]}"#,
            "a link"
        ),
        (#"{"created_at":"2026-03-01T10:00:00Z","links":[{"host_path":"/x","mount_path":"y","mode":"rx"}]}"#, "a link"),
    ])
    func `that makes no sense says why`(text: String, reason: String) throws {
        let json = try JSONValue(parsing: text)
        do throws(WorkspaceDamage) {
            let record = try WorkspaceRecord(json, at: key(.user, "w"))
            Issue.record("\(record)")
        } catch {
            #expect(error.reason.contains(reason), "\(error)")
        }
    }
}

@Suite struct `A link` {
    private func link(_ path: String, at mount: String, _ mode: LinkMode = .readOnly) -> WorkspaceLink {
        WorkspaceLink(hostPath: path, mountPath: mount, mode: mode)
    }

    @Test func `is found on the host by the path that programs see`() throws {
        var all = house()
        let mine = key(id(1), "mine")
        let root = all.root(of: mine)
        #expect(root == "/d/workspaces/\(id(1).hex)/mine/root")
        #expect(
            try all.source("a/./b", in: mine, modeMax: .readWrite)
                == LinkSource(base: root, path: "\(root)/a/b", modeMax: .readWrite))
        all.put(try all.linking(self.link("/srv/code", at: "in"), in: mine))
        #expect(
            try all.source("in/deep", in: mine, modeMax: .readWrite)
                == LinkSource(base: "/srv/code", path: "/srv/code/deep", modeMax: .readOnly))
        #expect(try all.source("inner", in: mine, modeMax: .readWrite).base == root)
        all.put(try all.linking(self.link("/srv/view", at: ".", .readWrite), in: key(id(3), "small")))
        #expect(try all.source("", in: key(id(3), "small"), modeMax: .readWrite).path == "/srv/view")
        #expect(try all.source("x", in: key(id(3), "small"), modeMax: .readOnly).modeMax == .readOnly)
    }

    @Test(arguments: ["/etc", "..", "a/../..", "../../../..", "a\0b"])
    func `has no source that begins elsewhere or goes up`(path: String) {
        #expect(
            refusal { () throws(WorkspaceRefusal) in
                try house().source(path, in: key(id(1), "mine"), modeMax: .readWrite)
            } == .badSource(path))
    }

    @Test func `leads nowhere but into the workspace, and allows no more than its source`() throws {
        let all = house()
        let source = try all.source("a", in: key(id(2), "above"), modeMax: .readOnly)
        #expect(try all.link(source, canonical: source.path, at: "/x/", .readOnly).mountPath == "x")
        let out = refusal { () throws(WorkspaceRefusal) in
            try all.link(source, canonical: "/etc", at: "x", .readOnly)
        }
        #expect(out == .leadsOut(source.path))
        let beside = refusal { () throws(WorkspaceRefusal) in
            try all.link(source, canonical: source.base + "-evil/a", at: "x", .readOnly)
        }
        #expect(beside == .leadsOut(source.path))
        let absent = refusal { () throws(WorkspaceRefusal) in
            try all.link(source, canonical: nil, at: "x", .readOnly)
        }
        #expect(absent == .missing(source.path))
        let writing = refusal { () throws(WorkspaceRefusal) in
            try all.link(source, canonical: source.path, at: "x", .readWrite)
        }
        #expect(writing == .onlyReadable(source.path))
    }

    @Test(arguments: ["", "rx", "RW", "wr", "r", "ro "])
    func `has a mode, ro or rw`(mode: String) {
        #expect(refusal { () throws(WorkspaceRefusal) in try LinkMode(checking: mode) } == .badMode(mode))
    }

    @Test func `is there once, and nothing lies over it`() throws {
        var all = house()
        let mine = key(id(1), "mine")
        let first = self.link("/srv/a", at: "in")
        all.put(try all.linking(first, in: mine))
        #expect(try all.linking(first, in: mine).links == [first])
        let other = self.link("/srv/b", at: "in")
        #expect(refusal { () throws(WorkspaceRefusal) in try all.linking(other, in: mine) } == .mountTaken("in"))
        #expect(try all.unlinking("in", in: mine).links.isEmpty)
        #expect(refusal { () throws(WorkspaceRefusal) in try all.unlinking("out", in: mine) } == .noLink("out"))
    }

    @Test(arguments: ["/d", "/d/agents", "/", "/d/workspaces", "/d/workspaces/x"])
    func `shows nothing of the daemon`(path: String) {
        let link = self.link(path, at: "in")
        #expect(
            refusal { () throws(WorkspaceRefusal) in try house().linking(link, in: key(.user, "shared")) }
                == .ofTheDaemon(path))
    }

    @Test func `may show the root of a workspace, but not that of its own at its root`() throws {
        let all = house()
        let path = all.root(of: key(id(1), "mine"))
        _ = try all.linking(self.link(path, at: "."), in: key(.user, "shared"))
        #expect(
            refusal { () throws(WorkspaceRefusal) in
                try all.linking(self.link(path, at: "."), in: key(id(1), "mine"))
            } == .leadsOut(path))
    }
}

@Suite struct `The end of a workspace` {
    /// `mine`, a view of it, a view of a part of that, and one that has a link to it and things of its own.
    private func views() throws -> Workspaces {
        var all = house()
        func add(_ name: String, _ path: String, at mount: String) {
            let link = WorkspaceLink(hostPath: path, mountPath: mount, mode: .readOnly)
            all.put(WorkspaceRecord(key(id(3), name), links: [link], createdAt: moment))
        }
        let root = all.root(of: key(id(1), "mine"))
        add("view", root, at: ".")
        add("part", root + "/sub", at: ".")
        add("linker", root + "/sub", at: "in")
        return all
    }

    @Test func `is that of its views, and of links to it, but not of who has them`() throws {
        let all = try self.views()
        let end = try all.deletion(of: key(id(1), "mine"), assigned: [:])
        #expect(end.removed.last == key(id(1), "mine"))
        #expect(Set(end.removed.map(\.name)) == ["mine", "view", "part"])
        #expect(end.unlinked.map(\.key.name) == ["linker"] && end.unlinked.allSatisfy(\.links.isEmpty))
    }

    @Test(arguments: ["mine", "view", "part", "linker"])
    func `is refused while an agent works in it or sees a part of it`(name: String) throws {
        let member = name == "mine" ? key(id(1), name) : key(id(3), name)
        let all = try self.views()
        #expect(
            refusal { () throws(WorkspaceRefusal) in
                try all.deletion(of: key(id(1), "mine"), assigned: [member: ["boss/w"]])
            } == .assigned(member, to: ["boss/w"]))
    }
}

@Suite struct `An agent in a sandbox` {
    @Test func `gives no network that it has not`() throws {
        var all = house()
        all.put(WorkspaceRecord(key(.user, "open"), hasNetwork: true, createdAt: moment))
        try all.checkNetwork(true, givenBy: nil)
        try all.checkNetwork(true, givenBy: key(.user, "open"))
        try all.checkNetwork(false, givenBy: key(id(1), "mine"))
        #expect(
            refusal { () throws(WorkspaceRefusal) in try all.checkNetwork(true, givenBy: key(id(1), "mine")) }
                == .noNetworkToGive)
    }

    @Test func `has children run nothing that it cannot see`() throws {
        let (all, mine) = (house(), key(id(1), "mine"))
        try all.checkProgram("/usr/bin/perl", in: mine)
        try all.checkProgram(all.root(of: mine) + "/x", in: mine)
        for path in ["/home/me/key", all.root(of: key(.user, "shared")) + "/x", "/usr/../home/me/key"] {
            #expect(
                refusal { () throws(WorkspaceRefusal) in try all.checkProgram(path, in: mine) }
                    == .foreignProgram(path, mine))
        }
    }

    @Test func `finds links after its root, shallow ones first, and no network unless it was given`() {
        var plan = SandboxPlan(
            root: "/r",
            links: [
                WorkspaceLink(hostPath: "/b", mountPath: "x/y", mode: .readWrite),
                WorkspaceLink(hostPath: "/a", mountPath: ".", mode: .readOnly),
            ], hasNetwork: false)
        plan.needs = [SandboxPlan.Bind("/s", isOptional: true)]
        let words = plan.words(for: ["prog", "1"], in: "/r", resolver: "/run/resolv").joined(separator: " ")
        #expect(
            words.hasSuffix(
                "--ro-bind-try /s /s --bind /r /r --ro-bind /a /r --bind /b /r/x/y --chdir /r -- prog 1"), "\(words)")
        #expect(words.contains("--unshare-net") && words.contains("--cap-drop ALL") && !words.contains("resolv"))
        let open = SandboxPlan(root: "/r", links: [], hasNetwork: true)
            .words(for: ["p"], in: "/r", covered: [SandboxPlan.Secret("/etc/shadow", isFolder: false)], resolver: "/n")
        #expect(!open.contains("--unshare-net") && open.contains("/n") && open.contains("/etc/shadow"))
    }
}
