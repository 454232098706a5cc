package import AgentCore
package import Vocabulary

/// What a start has found, mended and set going.
package struct RecoveryReport: Hashable, Sendable {
    /// Names this run of the host.
    package var boot = ""
    package var agents = 0
    package var sessions = 0
    package var events = 0
    /// How many of the events had to be read; the others were folded before.
    package var read = 0
    /// How many events the recovery itself has recorded; 0 when nothing was left to finish.
    package var recorded = 0
    /// Frames of the journal that were moved to their logs.
    package var journalFrames = 0
    package var interruptedTurns = 0
    package var abandonedSpawns = 0
    /// Messages that were sent before a crash and have arrived now.
    package var lateMessages = 0
    /// Agents that go on by themselves.
    package var woken = 0
    /// Why which session cannot be run.
    package var quarantined: [SessionID: String] = [:]
    /// Logs of agents that were never made.
    package var orphans: [SessionID] = []
    /// Events that say nothing to this version, by kind.
    package var strange: [String: Int] = [:]
    /// Why which workspace cannot be used.
    package var workspaces: [String: String] = [:]
    package var duration = Duration.zero

    package var json: JSONObject {
        var quarantined: JSONObject = [:]
        for (session, reason) in self.quarantined.sorted(by: { $0.key < $1.key }) {
            quarantined[session.hex] = .string(reason)
        }
        var strange: JSONObject = [:]
        for (kind, count) in self.strange.sorted(by: { $0.key < $1.key }) { strange[kind] = .integer(Int64(count)) }
        var workspaces: JSONObject = [:]
        for (name, reason) in self.workspaces.sorted(by: { $0.key < $1.key }) { workspaces[name] = .string(reason) }
        return [
            "boot_id": .string(self.boot), "agents": .integer(Int64(self.agents)),
            "sessions": .integer(Int64(self.sessions)), "events": .integer(Int64(self.events)),
            "events_read": .integer(Int64(self.read)),
            "recorded": .integer(Int64(self.recorded)), "journal_frames": .integer(Int64(self.journalFrames)),
            "interrupted_turns": .integer(Int64(self.interruptedTurns)),
            "abandoned_spawns": .integer(Int64(self.abandonedSpawns)),
            "late_messages": .integer(Int64(self.lateMessages)), "woken": .integer(Int64(self.woken)),
            "quarantined": .object(quarantined), "orphans": .array(self.orphans.map { .string($0.hex) }),
            "strange": .object(strange), "damaged_workspaces": .object(workspaces),
            "milliseconds": .integer(self.duration.wholeMilliseconds),
        ]
    }
}
