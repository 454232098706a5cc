import Foundation

/// Where the things are that a user with a crontab needs.
package struct CronPlace: Sendable {
    /// The program `trails`.
    package let trails: String
    /// The folder with `hook.bash`, and the `trails` that stands before the program.
    package let hooks: String
    /// The folder with the scripts and their `kubectl`.
    package let examples: String

    package init(trails: String, hooks: String, examples: String) {
        self.trails = trails
        self.hooks = hooks
        self.examples = examples
    }
}

/// A user whose cron starts a script; with a home of its own, on a server that others use as well.
struct CronUser: Sendable {
    let folder: String
    let place: CronPlace
    let daemon: Daemon

    var home: String { "\(self.folder)/home" }
    var pods: String { "\(self.folder)/pods" }
    private var trace: String { "\(self.folder)/trace" }

    /// How a script ended, and what it did.
    struct End: Sendable {
        let code: Int32
        let output: String
        let steps: [CronStep]
    }

    /// A dead pod is started again until it has reported, as Kubernetes does it; its log ends with its exit code.
    private static let pod = """
        unset CRON_STRIKE; echo started; code=1
        for try in $(seq 100); do "$WORKER" && code=0 && break; sleep 0.1; done; echo "ended $code"
        """

    private var variables: [String] {
        [
            "PATH=\(self.place.hooks):\(self.place.examples)/bin:\(self.place.examples):/usr/bin:/bin",
            "HOME=\(self.folder)", "TRAILS_HOME=\(self.home)", "TRAILS_SERVER=ws://\(self.daemon.address)/ws",
            "TRAILS_STUB_LOG=\(self.pods)", "TRAILS_PATIENCE=1s", "WORKER_STEPS=1", "WORKER_PAUSE=0",
            "KUBECTL_STUB_CMD=\(Self.pod)", "CRON_TRAILS=\(self.place.trails)", "SWIFT_BACKTRACE=enable=no",
        ]
    }

    /// Starts `script` as cron does and waits for its end.
    func start(_ script: CronScript, strike: CronStrike? = nil) async throws -> End {
        guard let strike else { return try await self.start(script, []) }
        return try await self.start(
            script,
            [
                "CRON_STRIKE=\(strike.weapon.rawValue)", "CRON_AT=\(strike.at)",
                "CRON_DELAY=\(Double(strike.delay.milliseconds) / 1_000)",
            ])
    }

    /// Starts `script` and kills it before the first command that begins with `command`.
    func start(_ script: CronScript, killedBefore command: String) async throws -> End {
        try await self.start(script, ["CRON_STRIKE=script", "CRON_AT=\(command)"])
    }

    private func start(_ script: CronScript, _ strike: [String]) async throws -> End {
        for file in [self.trace, self.trace + ".calls", self.trace + ".session"] {
            try? FileManager.default.removeItem(atPath: file)
        }
        let hook = [
            "BASH_ENV=\(self.place.hooks)/hook.bash", "CRON_TRACE=\(self.trace)",
            "CRON_SERVER=\(self.daemon.processID ?? 0)",
        ]
        let end = try await self.run(["\(self.place.examples)/\(script.rawValue)"], hook + strike)
        try await self.leftoversEnd()
        return End(code: end.code, output: end.output, steps: CronStep.read(self.text(self.trace)))
    }

    /// Waits until what a killed script had started has ended, its pods apart: a `trails` lives on for a moment, and
    /// the next start of cron is a day away. Two scripts that overlap may well be refused a context of one name.
    private func leftoversEnd() async throws {
        let text = self.text(self.trace + ".session").trimmingCharacters(in: .whitespacesAndNewlines)
        guard let session = Int32(text) else { throw LabError("\(self.folder) has no session of its script") }
        try await Patience.wait("what \(self.folder) left over to end") {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.compactMap { Int32($0) }.allSatisfy { getsid($0) != session }
        }
    }

    /// Runs one command of this user, which must succeed.
    func ok(_ arguments: [String]) async throws {
        let end = try await self.run(arguments, [])
        guard end.code == 0 else { throw LabError("\(arguments) ended with \(end.code): see \(self.folder)/log") }
    }

    /// In a session of its own, as cron does it, so that all of it can be killed and nothing else.
    private func run(_ arguments: [String], _ more: [String]) async throws -> (code: Int32, output: String) {
        let child = try Child(
            ["/usr/bin/env", "-i"] + self.variables + more + ["/usr/bin/timeout", "-k", "1", "120", "/usr/bin/setsid"]
                + arguments,
            variables: [], log: "\(self.folder)/log")
        let output = try await child.output()
        switch try await child.end(with: 0) {
        case .exit(let code): return (code, output)
        case .signal(let number): return (128 + number, output)
        }
    }

    private func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The logs of the pods by name, once all have ended. One that never began, its `kubectl` killed, has an empty one.
    func podLogs() async throws -> [String: String] {
        var logs: [String: String] = [:]
        try await Patience.wait("the pods of \(self.folder) to end") {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: self.pods)) ?? []
            logs = Dictionary(uniqueKeysWithValues: names.map { ($0, self.text("\(self.pods)/\($0)")) })
            return logs.values.allSatisfy { $0.isEmpty || $0.split(separator: "\n").last?.hasPrefix("ended ") == true }
        }
        return logs.filter { !$0.value.isEmpty }
    }

    /// The key files of this user, those in the trash too.
    func keyFiles() -> [(path: String, text: String)] {
        let names = FileManager.default.enumerator(atPath: self.home)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".yml") && $0 != "config.yml" }.sorted()
            .map { ($0, self.text("\(self.home)/\($0)")) }
    }
}

/// A command that a script executed.
struct CronStep: Sendable {
    let command: String
    /// The exit codes of its pipeline; `nil` for the last one, and for one that other commands are a part of.
    let codes: [Int32]?

    /// The trace gives the codes of a command in the line of the next one.
    static func read(_ trace: String) -> [Self] {
        let lines = trace.split(separator: "\n").map { $0.split(separator: "\t", maxSplits: 1) }
        return lines.indices.map { place in
            let command = lines[place].dropFirst().first.map(String.init) ?? ""
            guard place + 1 < lines.count, let next = lines[place + 1].first else {
                return Self(command: command, codes: nil)
            }
            let isPart = lines[place + 1].dropFirst().first.map { command.contains("$(\($0))") } ?? false
            let codes = next.split(separator: " ").compactMap { Int32($0) }
            return Self(command: command, codes: isPart ? nil : codes)
        }
    }
}
