package import AgentWorkspaces
import DurableFiles
import ProcessGuard
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// With what programs are kept in their workspaces.
package struct SandboxOptions: Sendable {
    /// bubblewrap, by its path or as PATH finds it.
    package var program = "bwrap"
    /// Where no sandbox can be made, programs run without one.
    package var allowsUnsandboxed = false
    /// The socket that programs call tools by, and where they look for it; `nil` where there is none.
    package var socket: SandboxPlan.Bind?
    /// What programs call tools by: the program of the daemon.
    package var toolProgram: String?
    /// What that needs to run.
    package var toolFiles: [String] = []

    package init() {}
}

/// Starts programs in workspaces. What a program will find is made up anew for each start.
final class Sandbox: Sendable {
    let options: SandboxOptions
    private let files: any FileSystem
    private let canonical: WorkspaceStore.Canonical
    /// The path of a bubblewrap that has been seen to work.
    private let proven = Mutex<String?>(nil)

    private static let probePatience = Duration.seconds(20)
    private static let socketPatience = Duration.seconds(5)

    init(_ options: SandboxOptions, on files: any FileSystem, canonical: @escaping WorkspaceStore.Canonical) {
        self.options = options
        self.files = files
        self.canonical = canonical
    }

    /// The path of a bubblewrap that works here; `nil` where none does and programs run without. Blocks.
    func program() throws(WorkspaceRefusal) -> String? {
        if let known = self.proven.withLock({ $0 }) { return known }
        do throws(WorkspaceRefusal) {
            let path = try self.probe()
            self.proven.withLock { $0 = path }
            return path
        } catch {
            guard self.options.allowsUnsandboxed else { throw error }
            return nil
        }
    }

    /// Runs `true` in the smallest sandbox.
    private func probe() throws(WorkspaceRefusal) -> String {
        let name = self.options.program
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
        let places = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
        guard let path = places.first(where: { access($0, X_OK) == 0 }) else {
            throw .noSandbox("\(name) is not there (Debian's package bubblewrap has it)")
        }
        let words = [path] + SandboxPlan.beginning(hasNetwork: false) + ["--", "/usr/bin/true"]
        do throws(ProcessError) {
            let process = try ScriptProcess(ProcessStart(command: words, environment: [:], workingDirectory: "/"))
            defer { process.end(grace: .zero) }
            let ended = process.exitCode(after: Self.probePatience)
            guard ended == 0 else {
                let said = process.complaints.shownToPeople(scalarsMax: 300)
                throw ProcessError("\(path) does not work here: \(said.isEmpty ? "it said nothing" : said)")
            }
        } catch {
            throw .noSandbox(error.message)
        }
        return path
    }
}

// MARK: - One start

extension Sandbox {
    /// How a program is started in a workspace, as its record says now. Blocks.
    ///
    /// - Parameters:
    ///   - needs: What it needs beside its workspace.
    ///   - covers: What lies over folders of its workspace; their sources are there.
    func start(
        _ start: ProcessStart, in key: WorkspaceKey, of all: Workspaces, needs: [SandboxPlan.Bind],
        covers: [SandboxPlan.Bind]
    ) throws(WorkspaceRefusal) -> ProcessStart {
        let record = try all.record(key)
        let root = all.root(of: key)
        guard self.canonical(root) == root else { throw .missing(root) }
        guard let program = try self.program() else {
            var free = start
            free.workingDirectory = record.links.first { $0.mountPath == "." }?.hostPath ?? root
            return free
        }
        for link in record.links { try self.check(link, in: key, of: all) }
        var plan = SandboxPlan(root: root, links: record.links, hasNetwork: record.hasNetwork)
        for link in record.links { try self.makePlace(for: link.mountPath, in: plan) }
        let tools = self.options.toolFiles + [self.options.toolProgram].compactMap { $0 }
        plan.needs = tools.map { SandboxPlan.Bind($0, isOptional: true) } + needs
        plan.covers = covers
        for cover in covers where MountPath.isInside(cover.target, root) {
            try self.makePlace(for: String(cover.target.dropFirst(root.count + 1)), in: plan)
        }
        if let socket = self.options.socket {
            self.wait(for: socket.source)
            plan.needs.append(socket)
        }
        var inside = start
        inside.command =
            [program] + plan.words(for: start.command, in: root, covered: self.secrets, resolver: self.resolver)
        inside.environment["TMPDIR"] = "/tmp"
        if let tool = self.options.toolProgram {
            let folders = [start.environment["PATH"], AtomicFile.directory(of: tool)].compactMap { $0 }
            inside.environment["PATH"] = folders.joined(separator: ":")
        }
        inside.workingDirectory = "/"
        return inside
    }

    /// What a link shows must be where it was: a program may have put a symbolic link in its place.
    private func check(_ link: WorkspaceLink, in key: WorkspaceKey, of all: Workspaces) throws(WorkspaceRefusal) {
        guard let canonical = self.canonical(link.hostPath) else { throw .missing(link.hostPath) }
        guard canonical == link.hostPath else { throw .leadsOut(link.hostPath) }
        try all.check(link, in: key)
    }

    /// Makes the folder that something is to lie over, below the root or what is linked above it. Follows no link.
    private func makePlace(for mountPath: String, in plan: SandboxPlan) throws(WorkspaceRefusal) {
        guard mountPath != "." else { return }
        let above = plan.links.filter {
            $0.mountPath != mountPath && ($0.mountPath == "." || MountPath.isInside(mountPath, $0.mountPath))
        }.max { $0.depth < $1.depth }
        var path = above?.hostPath ?? plan.root
        let rest = above.map { $0.mountPath == "." ? mountPath : String(mountPath.dropFirst($0.mountPath.count)) }
        for part in (rest ?? mountPath).split(separator: "/") {
            path += "/\(part)"
            if (try? self.files.exists(path)) == false {
                try? self.files.makeDirectory(path, permissions: .privateDirectory)
            }
            switch try? self.files.status(of: path).kind {
            case .directory: continue
            case nil: throw .missing(path)
            default: throw .leadsOut(mountPath)
            }
        }
    }

    /// A daemon that starts may have work for its agents before it listens.
    private func wait(for socket: String) {
        let due = ContinuousClock.now + Self.socketPatience
        while (try? self.files.exists(socket)) != true, due > .now { usleep(10_000) }
    }

    private var secrets: [SandboxPlan.Secret] {
        SandboxPlan.secretPaths.compactMap { path in
            switch try? POSIXFileSystem().status(of: path).kind {
            case .directory: SandboxPlan.Secret(path, isFolder: true)
            case .file: SandboxPlan.Secret(path, isFolder: false)
            default: nil
            }
        }
    }

    /// Where names are looked up, where `/etc` only points at it.
    private var resolver: String? {
        self.canonical("/etc/resolv.conf").flatMap { MountPath.isInside($0, "/etc") ? nil : $0 }
    }
}
