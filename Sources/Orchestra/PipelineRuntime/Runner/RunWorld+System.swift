import DotLanguage
import Foundation
package import TurnModel
import Vocabulary

extension RunWorld {
    /// That of the machine.
    package init() {
        self.now = { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down))) }
        self.sleep = { try await Task.sleep(for: $0) }
        self.fraction = { Double.random(in: 0..<1) }
        self.random = { UInt64.random(in: .min ... .max) }
        self.isDead = { SessionOwner.current().knowsDead($0) }
        self.read = { path in
            guard let file = FileHandle(forReadingAtPath: path) else { return nil }
            defer { try? file.close() }
            return (try? file.read(upToCount: DotFile.bytesMax + 1)).map(Array.init)
        }
    }
}

/// A process that may own sessions.
package struct SessionOwner: Sendable, Hashable {
    package var host: String
    package var pid: Int64
    /// Of the host since its last start.
    package var bootID: String
    /// When the process began, in ticks since the start of the host; `nil` where `/proc` does not say.
    package var startTime: Int64?

    package init(host: String, pid: Int64, bootID: String, startTime: Int64? = nil) {
        self.host = host
        self.pid = pid
        self.bootID = bootID
        self.startTime = startTime
    }

    /// This process.
    package static func current() -> Self {
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        let pid = ProcessInfo.processInfo.processIdentifier
        return Self(
            host: ProcessInfo.processInfo.hostName, pid: Int64(pid),
            bootID: boot?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "", startTime: self.startTime(of: pid))
    }

    /// Whether the owner of `lease` is on this host and certainly gone: its process, or the host was restarted.
    package func knowsDead(_ lease: Lease) -> Bool {
        guard lease.host == self.host, !self.bootID.isEmpty, !lease.bootID.isEmpty else { return false }
        if lease.bootID != self.bootID { return true }
        guard let pid = pid_t(exactly: lease.pid), pid > 0 else { return false }
        if Self.hasEnded(pid) { return true }
        guard let began = lease.startTime, let other = Self.startTime(of: pid) else { return false }
        return began != other
    }

    /// Whether a process is gone, or is a corpse that nobody has collected yet.
    static func hasEnded(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 || errno != ESRCH else { return true }
        guard let state = self.facts(of: pid)?.first else { return false }
        return state == "Z" || state == "X"
    }

    private static func startTime(of pid: pid_t) -> Int64? {
        guard let facts = self.facts(of: pid), facts.count > 19 else { return nil }
        return Int64(facts[19])
    }

    /// The words of `/proc/PID/stat` from the third on, the state. The second is a name in brackets that may hold
    /// anything.
    private static func facts(of pid: pid_t) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
    }

    /// `token` is known to the owner alone.
    func claim(token: String, for lifetime: Duration, over lease: Lease?) -> LeaseClaim {
        LeaseClaim(
            owner: token, host: self.host, pid: self.pid, bootID: self.bootID, startTime: self.startTime,
            lifetime: lifetime, supersedes: lease?.epoch)
    }
}
