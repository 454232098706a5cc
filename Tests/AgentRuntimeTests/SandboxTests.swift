import AgentCore
import AgentRuntime
import AgentWorkspaces
import DurableFiles
import Foundation
import Simulator
import Testing
import Vocabulary

/// A host on a real disk with real programs: bubblewrap (Debian's package) must be there.
private struct Yard {
    let folder = ScratchDirectory()
    let host: AgentHost

    /// A program that answers with what a shell says to each message.
    static let shell = """
        #!/usr/bin/perl
        use JSON::PP; $| = 1;
        while (my $line = <STDIN>) {
            my $text = decode_json($line)->{message};
            print encode_json({type => "done", response => scalar `{ $text; } 2>&1`}), "\\n";
        }

        """

    init(_ change: (inout HostOptions) -> Void = { _ in }) async throws {
        var options = HostOptions()
        change(&options)
        try Self.shell.write(toFile: "\(self.folder.path)/shell", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: "\(self.folder.path)/shell")
        try FileManager.default.createDirectory(
            atPath: "\(self.folder.path)/root", withIntermediateDirectories: true)
        var scripts = ScriptOptions()
        scripts.grace = .milliseconds(200)
        self.host = try await AgentHost.open(
            "\(self.folder.path)/root", options, providers: [ScriptedProvider(options: scripts)])
    }

    /// Another host on the same root, after this one has stopped.
    func again() async throws -> AgentHost {
        await self.host.stop()
        return try await AgentHost.open(
            "\(self.folder.path)/root", HostOptions(), providers: [ScriptedProvider()])
    }

    func make(_ name: String) throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    func order(_ name: String, in workspace: String? = nil, under parent: String? = nil) -> AgentOrder {
        AgentOrder(
            name: name, model: "\(self.folder.path)/shell", parent: parent,
            workspace: workspace.map { WorkspaceKey(scope: .user, name: $0) })
    }

    func workspace(_ name: String, hasNetwork: Bool = false) async throws -> WorkspaceSummary {
        try await self.host.createWorkspace(
            WorkspaceOrder(WorkspaceKey(scope: .user, name: name), hasNetwork: hasNetwork))
    }
}

private func message(_ body: () async throws -> some Sendable) async -> String {
    do {
        _ = try await body()
        return "(none)"
    } catch {
        return "\(error)"
    }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A program in a workspace` {
    @Test func `sees its workspace and its links as they are meant, and nothing else`() async throws {
        let yard = try await Yard()
        let (secret, project) = (try yard.make("secret"), try yard.make("project"))
        try "hidden".write(toFile: "\(secret)/key", atomically: true, encoding: .utf8)
        try "plain".write(toFile: "\(project)/text", atomically: true, encoding: .utf8)
        let place = try await yard.workspace("w")
        for (mount, mode) in [("read", LinkMode.readOnly), ("deep/write", .readWrite)] {
            _ = try await yard.host.linkWorkspace(place.record.key, to: project, at: mount, mode)
        }
        let boss = try await yard.host.createAgent(yard.order("boss", in: "w")).id
        func ask(_ command: String) async throws -> String { try await yard.host.send(boss, command) }
        #expect(try await ask("pwd; echo $HOME") == "\(place.root)\n\(place.root)\n")
        #expect(try await ask("cat read/text deep/write/text") == "plainplain")
        #expect(try await ask("echo x >read/new").contains("Read-only file system"))
        #expect(try await ask("echo x >deep/write/new; echo y >own; cat read/new own") == "x\ny\n")
        #expect(try String(contentsOfFile: "\(project)/new", encoding: .utf8) == "x\n")
        #expect(try String(contentsOfFile: "\(place.root)/own", encoding: .utf8) == "y\n")
        for path in [secret, "\(yard.folder.path)/root/agents", "\(yard.folder.path)/root/journal", "/home", "/root"] {
            #expect(try await ask("ls \(path)").contains("No such file"), "\(path)")
        }
        #expect(try await ask("ls \(yard.folder.path) \(yard.folder.path)/root | tr '\\n' ' '").contains("shell"))
        #expect(try await ask("echo x >/usr/x; echo x >/etc/x; ls \(yard.folder.path)/secret/key").contains("key"))
        #expect(try await ask("cat /etc/shadow").contains("ermission denied"))
        #expect(
            try await ask("touch /tmp/mine && ls /tmp") != "" && !FileManager.default.fileExists(atPath: "/tmp/mine"))
        await yard.host.stop()
    }

    @Test func `has no network unless it was given, no other processes, no rights`() async throws {
        let yard = try await Yard()
        _ = try await yard.workspace("closed")
        _ = try await yard.workspace("open", hasNetwork: true)
        let ports = "tail -n +3 /proc/net/dev | wc -l; cat /proc/net/unix | wc -l"
        let closed = try await yard.host.createAgent(yard.order("a", in: "closed")).id
        #expect(try await yard.host.send(closed, "tail -n +3 /proc/net/dev | grep -vc lo:") == "0\n")
        #expect(try await yard.host.send(closed, "perl -e 'print -d \"/proc/\(getpid())\" ? 1 : 0'") == "0")
        #expect(try await yard.host.send(closed, "grep CapEff /proc/self/status").contains("0000000000000000"))
        let open = try await yard.host.createAgent(yard.order("b", in: "open")).id
        let here = Set(try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net"))
        let there = try await yard.host.send(open, "tail -n +3 /proc/net/dev | cut -d: -f1")
        #expect(
            Set(there.split(whereSeparator: \.isWhitespace).map(String.init)).isSuperset(of: here.filter { $0 == "lo" })
        )
        #expect(try await yard.host.send(open, ports) != yard.host.send(closed, ports))
        await yard.host.stop()
    }

    @Test func `is rebuilt from the record, and ends with its host`() async throws {
        let yard = try await Yard()
        let place = try await yard.workspace("w")
        let boss = try await yard.host.createAgent(yard.order("boss", in: "w")).id
        _ = try await yard.host.send(boss, "sleep 1000 >/dev/null 2>&1 & echo $! >pid; echo here >note")
        _ = try await yard.host.linkWorkspace(place.record.key, to: try yard.make("late"), at: "late", .readOnly)
        let mark = "substrat-mark-\(UUID())"
        _ = try await yard.host.send(boss, "perl -e '$0=\"\(mark)\"; sleep 1000' >/dev/null 2>&1 &")
        let again = try await yard.again()
        let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.filter {
            (try? String(contentsOfFile: "/proc/\($0)/cmdline", encoding: .utf8))?.contains(mark) == true
        }
        #expect(left.isEmpty)
        #expect(try await again.send(boss, "cat note; ls -d late") == "here\nlate\n")
        await again.stop()
    }

    @Test func `may be one that an agent has written, in the workspace where it is and in no other`() async throws {
        let yard = try await Yard()
        let place = try await yard.workspace("w")
        let boss = try await yard.host.createAgent(yard.order("boss", in: "w")).id
        #expect(try await yard.host.send(boss, "cp \(yard.folder.path)/shell mine && echo done") == "done\n")
        var child: JSONObject = [
            "name": "kid", "instructions": "i", "provider": "scripted", "model": .string("\(place.root)/mine"),
        ]
        #expect(try await yard.host.callTool(boss, "spawn_agent", child)["status"] == "accepted")
        await yard.host.waitUntilIdle()
        let kid = try await yard.host.id("kid")
        #expect(try await yard.host.kinds(kid).contains("turn.complete"))
        _ = try await yard.host.callTool(kid, "create_workspace", ["name": "other"])
        child["name"] = "grandchild"
        child["workspace"] = "other"
        child["provider"] = nil
        child["model"] = nil
        #expect(try await yard.host.callTool(kid, "spawn_agent", child)["status"] == "accepted")
        await yard.host.waitUntilIdle()
        let kinds = try await yard.host.kinds(try await yard.host.id("grandchild"))
        #expect(kinds.contains("turn.failed") && !kinds.contains("turn.complete"), "\(kinds)")
        child["provider"] = "scripted"
        child["name"] = "thief"
        for path in ["/home/me/key", "\(yard.folder.path)/shell", "\(place.root)/../meta.json"] {
            child["model"] = .string(path)
            let refused = try await yard.host.callTool(kid, "spawn_agent", child)["error"]?.string
            #expect(refused?.contains("cannot be seen in workspace") == true, "\(path): \(refused ?? "accepted")")
        }
        await yard.host.stop()
    }

    @Test func `is refused where there is no sandbox, unless it may do without`() async throws {
        let yard = try await Yard { $0.sandbox.program = "/nowhere/bwrap" }
        _ = try await yard.workspace("w")
        let refusal = await message { try await yard.host.createAgent(yard.order("boss", in: "w")) }
        #expect(refusal == "no sandbox can be made: /nowhere/bwrap is not there (Debian's package bubblewrap has it)")
        #expect(await yard.host.agents().isEmpty)
        await yard.host.stop()
        let broken = try await Yard { $0.sandbox.program = "/usr/bin/false" }
        _ = try await broken.workspace("w")
        #expect(
            await message { try await broken.host.createAgent(broken.order("boss", in: "w")) }
                .contains("/usr/bin/false does not work here"))
        await broken.host.stop()
        let free = try await Yard {
            $0.sandbox.program = "/nowhere/bwrap"
            $0.sandbox.allowsUnsandboxed = true
        }
        let place = try await free.workspace("w")
        let boss = try await free.host.createAgent(free.order("boss", in: "w")).id
        #expect(try await free.host.send(boss, "pwd") == "\(place.root)\n")
        await free.host.stop()
    }

    @Test func `has no turn when its workspace is gone, and the host starts all the same`() async throws {
        let yard = try await Yard()
        let place = try await yard.workspace("w")
        _ = try await yard.workspace("bent")
        let boss = try await yard.host.createAgent(yard.order("boss", in: "w")).id
        let other = try await yard.host.createAgent(yard.order("other", in: "bent")).id
        let bent = try yard.host.inspectWorkspace(WorkspaceKey(scope: .user, name: "bent")).root
        try FileManager.default.removeItem(atPath: String(place.root.dropLast(5)))
        try "{".write(toFile: bent.dropLast(4) + "meta.json", atomically: true, encoding: .utf8)
        #expect(await message { try await yard.host.send(boss, "pwd") }.contains("there is no folder"))
        let again = try await yard.again()
        #expect(again.recovery.workspaces.keys.sorted() == ["USER/bent"])
        #expect(await message { try await again.send(boss, "pwd") } == "the turn failed: there is no workspace USER/w")
        #expect(
            await message { try await again.send(other, "pwd") }.contains(
                "workspace USER/bent cannot be used: its meta"))
        await again.stop()
    }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct `What earlier workspaces let through` {
    @Test func `W-21: no link leads out, nothing is erased, nothing in use is deleted, and an end sets free`()
        async throws
    {
        let yard = try await Yard()
        let host = yard.host
        let place = try await yard.workspace("w")
        let project = try yard.make("project")
        _ = try await host.linkWorkspace(place.record.key, to: project, at: "in", .readOnly)
        #expect(await message { try await yard.workspace("w") }.contains("already"))
        #expect(try host.inspectWorkspace(place.record.key).record.links.count == 1)

        let boss = try await host.createAgent(yard.order("boss", in: "w")).id
        _ = try await host.send(boss, "ln -s /etc out; mkdir real; ln -s real alias; ln -s ../../../.. up")
        _ = try await host.callTool(boss, "create_workspace", ["name": "mine"])
        for source in ["/etc", "..", "real/../../..", "out", "up", "none", "/"] {
            let link: JSONObject = ["workspace": "mine", "source": .string(source), "target": "x", "mode": "rw"]
            #expect(try await host.callTool(boss, "link_dir", link)["error"] != nil, "\(source)")
            let view: JSONObject = ["name": "v", "view_of": "../w", "subdir": .string(source)]
            #expect(try await host.callTool(boss, "create_workspace", view)["error"] != nil, "\(source)")
        }
        for mode in ["rwx", "", "RO"] {
            let link: JSONObject = ["workspace": "mine", "source": "real", "target": "x", "mode": .string(mode)]
            #expect(try await host.callTool(boss, "link_dir", link)["error"]?.string?.contains("is no mode") == true)
        }
        #expect(try host.inspectWorkspace(WorkspaceKey(scope: boss, name: "mine")).record.links.isEmpty)
        let good: JSONObject = ["workspace": "mine", "source": "alias", "target": "x", "mode": "rw"]
        #expect(try await host.callTool(boss, "link_dir", good)["status"] == "linked")
        #expect(
            try host.inspectWorkspace(WorkspaceKey(scope: boss, name: "mine")).record.links.first?.hostPath
                == "\(place.root)/real")
        for path in ["\(yard.folder.path)/root", yard.folder.path, "/", "\(yard.folder.path)/none", "relative"] {
            #expect(
                await message { try await host.linkWorkspace(place.record.key, to: path, at: "y", .readOnly) }
                    != "(none)", "\(path)")
        }
        #expect(
            await message { try await host.deleteWorkspace(place.record.key) }.contains("is that of an agent: boss"))
        try await self.swap(yard, boss, place)
        try await host.terminate(boss, recursive: true)
        try await host.deleteWorkspace(place.record.key)
        #expect(!FileManager.default.fileExists(atPath: place.root))
        await host.stop()
    }

    /// What a link shows is swapped for a symbolic link that leads out, after it was made.
    private func swap(_ yard: Yard, _ boss: AgentID, _ place: WorkspaceSummary) async throws {
        let mine = WorkspaceKey(scope: boss, name: "mine")
        let kid = try await yard.host.createAgent(
            AgentOrder(name: "kid", model: "\(yard.folder.path)/shell", parent: "boss", workspace: mine)
        ).id
        _ = try await yard.host.send(boss, "rmdir real; ln -s /etc real")
        let refusal = await message { try await yard.host.send(kid, "ls x") }
        #expect(refusal.contains("leads out of the workspace"), "\(refusal)")
        _ = try await yard.host.send(boss, "rm real; mkdir real")
        #expect(try await yard.host.send(kid, "ls -d x") == "x\n")
        // A place for a link that is a symbolic link itself.
        try await yard.host.terminate(kid, recursive: false)
        _ = try await yard.host.linkWorkspace(place.record.key, to: try yard.make("more"), at: "out/more", .readOnly)
        let next = try await yard.host.createAgent(yard.order("next", in: "w")).id
        #expect(await message { try await yard.host.send(next, "ls") }.contains("leads out of the workspace"))
        try await yard.host.terminate(next, recursive: false)
    }
}
