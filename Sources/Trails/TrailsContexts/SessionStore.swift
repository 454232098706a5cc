package import DurableFiles
package import Vocabulary

/// What each shell session has selected by `trails use`, without any help of the shell.
///
///     login bash 100        use A   → sessions/…_100_… says A
///     ├─ script bash 200    use B   → sessions/…_200_… says B
///     │  ├─ trails 201      finds B: its own pid, then 200, then 100
///     │  └─ bash 202        the subshell of $(trails tree): passed on the way up
///     └─ trails 300         finds A
///
/// An entry holds a name, never a key. A selection that failed is remembered as "none", so that a script does not
/// go on with the root of the shell that started it.
package struct SessionStore: Sendable {
    /// How long an entry of another machine, or of an earlier life of this one, is kept.
    package static let foreignLifetime = Duration.seconds(7 * 86_400)
    private static let ancestorsMax = 1_000
    private static let entrySizeMax = 256
    /// They stand between a shell and what it runs; a selection made below them belongs to the shell.
    private static let wrappers: Set<String> = ["sudo", "doas", "su", "timeout", "script", "xargs"]
    /// They adopt orphans, so they belong to no session. (A subreaper cannot be told by /proc; these are the known.)
    private static let reapers: Set<String> = [
        "systemd", "init", "tini", "dumb-init", "docker-init", "catatonit", "containerd-shim", "containerd-shim-",
        "conmon", "s6-svscan", "runit", "runsvdir", "launchd",
    ]

    private let home: String
    private let files: any FileSystem
    private let processes: any ProcessTable
    private let now: @Sendable () -> Timestamp

    package init(
        home: String, on files: any FileSystem, processes: any ProcessTable, now: @escaping @Sendable () -> Timestamp
    ) {
        self.home = home
        self.files = files
        self.processes = processes
        self.now = now
    }

    private var directory: String { "\(self.home)/sessions" }

    /// What a process finds selected.
    package enum Selection: Hashable, Sendable {
        /// Nobody above selected anything.
        case nothing
        /// The last selection failed: nothing may be done in anybody's name.
        case failed
        case context(ContextName, ContextID.Kind?)
    }

    // MARK: Selecting

    /// Selects the context `name` for the session of the caller, if `contexts` has it in good order.
    ///
    /// When it throws, the session has nothing selected (where there is a session at all).
    package func use(
        _ name: String, kind: ContextID.Kind = .root, from contexts: ContextStore
    ) throws(ContextError) -> Context {
        let key = try self.sessionKey()
        do throws(ContextError) {
            let id = ContextID(try ContextName(name), kind)
            let context = try contexts.read(id)
            try self.write("\(kind.rawValue) \(id.name)\n", for: key)
            return context
        } catch {
            try? self.write("none\n", for: key)  // the first error is the one to tell
            throw error
        }
    }

    /// Remembers that the session of the caller has nothing selected: also for a `use` that failed later on.
    package func useNothing() throws(ContextError) {
        try self.write("none\n", for: self.sessionKey())
    }

    private func write(_ text: String, for key: SessionKey) throws(ContextError) {
        try contextual { () throws(FileError) in
            for directory in [self.home, self.directory] {
                try DurableDirectory.make(directory, on: self.files)
                try PrivateFile.checkDirectory(directory, on: self.files)
            }
            try AtomicFile.replace("\(self.directory)/\(key.fileName)", with: Array(text.utf8), on: self.files)
        }
        _ = try? self.sweep()  // else the next one does it
    }

    /// The nearest ancestor that is a session: not a wrapper, not one that adopts orphans.
    private func sessionKey() throws(ContextError) -> SessionKey {
        var process = self.processes.process(self.processes.caller)
        for _ in 0..<Self.ancestorsMax {
            guard let parent = process.flatMap({ self.parent(of: $0) }) else { break }
            if Self.wrappers.contains(parent.name) {
                process = parent
                continue
            }
            guard parent.pid > 1, !Self.reapers.contains(parent.name),
                let key = SessionKey(parent, in: self.processes)
            else { break }
            return key
        }
        throw Self.noSession
    }

    // MARK: Looking up

    /// What is selected for the caller: by `TRAILS_APP` in `environment`, else by the nearest ancestor's `use`.
    package func selection(environment: [String: String]) throws(ContextError) -> Selection {
        if let name = environment["TRAILS_APP"], !name.isEmpty {
            return .context(try ContextName(name), nil)
        }
        guard try contextual({ () throws(FileError) in try self.files.exists(self.directory) }) else { return .nothing }
        var next = self.processes.process(self.processes.caller)
        guard next != nil else { throw Self.noSession }
        for _ in 0..<Self.ancestorsMax {
            guard let process = next else { break }
            guard let key = SessionKey(process, in: self.processes) else { throw Self.noSession }
            if let selection = try self.entry(key) { return selection }
            guard process.pid > 1, process.parent > 0 else { return .nothing }
            next = self.parent(of: process)
        }
        // The chain ends before pid 1: somebody up there is hidden, and with him what he may have selected.
        throw Self.noSession
    }

    /// The parent, if it is one: who began later than his child is a stranger that got the pid.
    private func parent(of process: ProcessFacts) -> ProcessFacts? {
        guard process.parent > 0, let parent = self.processes.process(process.parent) else { return nil }
        return parent.startTime <= process.startTime ? parent : nil
    }

    /// The entry of one process; `nil` when there is none that this user can trust.
    private func entry(_ key: SessionKey) throws(ContextError) -> Selection? {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try PrivateFile.read(
                "\(self.directory)/\(key.fileName)", limit: Self.entrySizeMax, on: self.files)
        } catch {
            switch error.code {
            case .notFound, .foreign: return nil
            default: throw ContextError(error)
            }
        }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first?.split(separator: " ") ?? []
        if words.count == 2, let kind = ContextID.Kind(rawValue: String(words[0])),
            let name = try? ContextName(String(words[1]))
        {
            return .context(name, kind)
        }
        // "none", and whatever else cannot be a selection that succeeded.
        return .failed
    }

    private static var noSession: ContextError {
        ContextError(
            .noSession, "nothing tells this shell session from others",
            hint: "say in the environment which app you mean: TRAILS_APP=NAME")
    }

    // MARK: Sweeping

    /// Removes the entries of processes that ended, and old ones of other machines; says how many.
    @discardableResult
    package func sweep() throws(ContextError) -> Int {
        try contextual { () throws(FileError) in
            var count = 0
            for name in try self.files.names(in: self.directory) {
                guard let key = SessionKey(fileName: name), try self.isStale(key, name) else { continue }
                try self.files.unlink("\(self.directory)/\(name)")
                count += 1
            }
            try AtomicFile.sweep(self.directory, on: self.files)
            return count
        }
    }

    private func isStale(_ key: SessionKey, _ name: String) throws(FileError) -> Bool {
        if key.bootID == self.processes.bootID && key.pidNamespace == self.processes.pidNamespace {
            return self.processes.process(key.pid)?.startTime != key.startTime
        }
        let modified = try self.files.status(of: "\(self.directory)/\(name)").modified
        return self.now().since(modified) > Self.foreignLifetime
    }
}
