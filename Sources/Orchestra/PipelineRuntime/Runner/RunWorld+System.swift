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

    package init(host: String, pid: Int64, bootID: String) {
        self.host = host
        self.pid = pid
        self.bootID = bootID
    }

    /// This process.
    package static func current() -> Self {
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return Self(
            host: ProcessInfo.processInfo.hostName, pid: Int64(ProcessInfo.processInfo.processIdentifier),
            bootID: boot?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "")
    }

    /// Whether the owner of `lease` is on this host and certainly gone: its process, or the host was restarted.
    package func knowsDead(_ lease: Lease) -> Bool {
        guard lease.host == self.host, !self.bootID.isEmpty, !lease.bootID.isEmpty else { return false }
        if lease.bootID != self.bootID { return true }
        guard let pid = pid_t(exactly: lease.pid), pid > 0 else { return false }
        return Self.hasEnded(pid)
    }

    /// Whether a process is gone, or is a corpse that nobody has collected yet.
    static func hasEnded(_ pid: pid_t) -> Bool {
        guard kill(pid, 0) == 0 || errno != ESRCH else { return true }
        // The name stands in brackets and may hold anything; the state is the first word after it.
        let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        guard let state = text?.split(separator: ")").last?.first(where: { $0 != " " }) else { return false }
        return state == "Z" || state == "X"
    }

    /// `token` is known to the owner alone.
    func claim(token: String, for lifetime: Duration, over lease: Lease?) -> LeaseClaim {
        LeaseClaim(
            owner: token, host: self.host, pid: self.pid, bootID: self.bootID, lifetime: lifetime,
            supersedes: lease?.epoch)
    }
}
