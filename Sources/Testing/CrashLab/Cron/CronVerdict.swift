import TrailsCore
import TrailsWire
import Vocabulary

/// What must be true of the cron scripts, whatever was killed, judged from outside: by exit codes, by what they
/// printed, by the key files, and by the rows of the store.
///
/// - A start that is not struck ends with 0, and one of them has all three results.
/// - A server that is killed ends the script: each command that needs it ends with 69, and so does the script, unless
///   its last command is `context rm`, which needs no server and puts the key into the trash.
/// - The permanent root is one, goes on, and keeps its file and key. A run has no child twice.
/// - Every live app has a key file for itself or for one above it (promise 9). No parent is missing.
/// - What a pod has reported, and what a script has printed, is what is stored, once.
struct CronVerdict {
    struct Owner {
        let user: CronUser
        let script: CronScript
        /// The key of the permanent root as it was made.
        let root: Identity?
    }

    /// What makes a process an app: its id and its key.
    struct Identity: Hashable {
        let app: AppID
        let key: PublicKey
    }

    private var owners: [Owner] = []
    private var pods: [String] = []
    private var printed: [(app: AppID, result: String)] = []
    private(set) var complaints: [String] = []

    var users: [CronUser] { self.owners.map(\.user) }

    mutating func complain(_ complaint: String) { self.complaints.append(complaint) }

    mutating func expect(_ isTrue: Bool, _ complaint: @autoclosure () -> String) {
        if !isTrue { self.complain(complaint()) }
    }

    /// Says of the latest complaints what they are about.
    mutating func name(complaintsFrom start: Int, _ name: String) {
        for place in start..<self.complaints.count { self.complaints[place] = "\(name): \(self.complaints[place])" }
    }

    mutating func add(_ user: CronUser, _ script: CronScript) throws {
        let files = user.keyFiles()
        self.owners.append(Owner(user: user, script: script, root: files.first.flatMap { Self.identity($0.text) }))
        if script == .root, files.map(\.path) != ["nightly-etl/root.yml"] { throw LabError("no root in \(user.home)") }
    }
}

// MARK: - A start of a script

extension CronVerdict {
    /// Whether all three pods of a run are in what a wait printed.
    static func isWhole(_ output: String) -> Bool {
        output.contains(/\{"[0-9a-f-]{36}":\{"rows":1000\}(,"[0-9a-f-]{36}":\{"rows":1000\}){2}\}\n/)
    }

    mutating func take(_ end: CronUser.End, isStruck: Bool) {
        if !isStruck { self.expect(end.code == 0, "a start that nobody disturbed ended with \(end.code)") }
        for line in end.output.split(separator: "\n") where line.hasPrefix("{") {
            guard let results = (try? JSONValue(parsing: line.utf8))?.object else {
                self.complain("printed \(line)")
                continue
            }
            for (name, value) in results where value != .null {
                guard let app = AppID(name) else { continue }
                self.printed.append((app, value.text))
            }
        }
    }

    /// The server was killed just before command `at`.
    mutating func judge(_ end: CronUser.End, afterTheServerWasKilledAt at: Int) {
        for (place, step) in end.steps.enumerated().dropFirst(at - 1) {
            guard let codes = step.codes else { continue }
            if step.command.hasPrefix("trails wait ") || step.command.hasPrefix("trails result ") {
                self.expect(codes == [69], "\(step.command) ended with \(codes)")
            } else if step.command.hasPrefix("kubectl "), place >= at {
                self.expect(codes == [69, 1], "trails child-info | kubectl ended with \(codes)")
            }
        }
        let last = end.steps.last?.command ?? ""
        let code: Int32 = last == "exit 0" || last.hasPrefix("trails context rm ") ? 0 : 69
        self.expect(end.code == code, "the script ended with \(end.code), not \(code), after \(last)")
    }

    /// The logs of a user's pods: `extract-661f9511.log`, and in it how the pod ended.
    mutating func take(_ logs: [String: String]) {
        for (name, log) in logs {
            self.expect(log.hasSuffix("ended 0\n"), "the pod \(name) could not report: \(log.suffix(300))")
            self.pods.append(String(name.dropLast(4).suffix(8)))
        }
    }
}

// MARK: - The store

extension CronVerdict {
    mutating func judge(_ apps: StoredApps) {
        self.judgeRoots(apps)
        self.judgeKeys(apps)
        self.judgeResults(apps)
    }

    private mutating func judgeRoots(_ apps: StoredApps) {
        let owners = self.owners.filter { $0.script == .root }
        self.expect(
            apps.all.count { $0.isPermanentRoot } == owners.count,
            "\(owners.count) users have \(apps.all.count { $0.isPermanentRoot }) permanent roots")
        for owner in owners {
            guard let root = owner.root, let app = apps.byID[root.app] else {
                self.complain("a root is not in the store (\(owner.user.folder))")
                continue
            }
            self.expect(app.isLive, "a permanent root is \(app.status) (\(owner.user.folder))")
            let files = owner.user.keyFiles()
            self.expect(files.map(\.path) == ["nightly-etl/root.yml"], "\(owner.user.folder) has \(files.map(\.path))")
            self.expect(
                files.first.flatMap { Self.identity($0.text) } == root, "a root has another key in its file")
            let runs = apps.children(of: root.app).filter { $0.name.hasPrefix("us-east-") }
            self.expect(runs.contains { $0.status == "done" }, "no run is done (\(owner.user.folder))")
            for run in runs {
                let names = apps.children(of: run.id).map(\.name)
                self.expect(Set(names).count == names.count, "a run has the children \(names)")
                self.expect(names.allSatisfy(["extract", "transform", "load"].contains), "a run has \(names)")
            }
        }
    }

    private mutating func judgeKeys(_ apps: StoredApps) {
        let kept = Set(self.users.flatMap { $0.keyFiles() }.compactMap { Self.identity($0.text) })
        for app in apps.all {
            let line = apps.line(of: app)
            self.expect(line[line.count - 1].parent == nil, "app \(app.id.short) has no parent in the store")
            let isReachable = line.contains { app in
                app.key.map { kept.contains(Identity(app: app.id, key: $0)) } ?? false
            }
            self.expect(!app.isLive || isReachable, "nobody has a key to \(app.id.short) \(app.name), \(app.status)")
        }
    }

    private mutating func judgeResults(_ apps: StoredApps) {
        for pod in self.pods {
            let found = apps.all.filter { $0.id.short == pod }
            self.expect(
                found.count == 1 && found[0].results == [#"{"rows":1000}"#] && found[0].status == "done",
                "pod \(pod) reported, and stored is \(found.map { "\($0.status) \($0.results)" })")
        }
        for (app, result) in self.printed {
            let stored = apps.byID[app]?.results ?? []
            self.expect(stored == [result], "printed for \(app.short) was \(result), stored is \(stored)")
        }
        let names = Set(["extract", "transform", "load"])
        for app in apps.all where !names.contains(app.name) && !app.isPermanentRoot {
            let script = app.name == "nightly-etl" ? CronScript.contexts : .root
            self.expect(app.results.count <= 1, "\(app.name) \(app.id.short) has \(app.results.count) results")
            self.expect(app.results.allSatisfy(script.isResult), "\(app.name) has the result \(app.results)")
            self.expect(
                (app.status == "done") == (app.results.count == 1), "\(app.name) is \(app.status): \(app.results)")
        }
    }

    /// Who a key file makes its reader; `nil` when its key is not whole.
    static func identity(_ file: String) -> Identity? {
        func field(_ name: String) -> String? {
            let line = file.split(separator: "\n").first { $0.hasPrefix("\(name): \"") && $0.hasSuffix("\"") }
            return line.map { String($0.dropFirst(name.count + 3).dropLast()) }
        }
        guard let app = field("app_id").flatMap({ AppID($0) }),
            let key = field("private_key").flatMap({ SigningKey(secretText: $0) })?.publicKey,
            field("pub_key") == key.description
        else { return nil }
        return Identity(app: app, key: key)
    }
}
