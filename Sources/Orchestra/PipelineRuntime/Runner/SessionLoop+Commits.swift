import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// Events that go to the disk together, and what is held back until they are there.
struct HeldGroup: Sendable {
    var entries: [RecordEntry] = []
    var effects: [PipelineRun.Effect] = []
    /// Of nodes that ended.
    var steps = 0
    /// About, of their checkpoints.
    var bytes = 0
    /// As written, once the group has departed.
    fileprivate var turns: [PipelineTurn] = []
    fileprivate var releases = false

    func hasRoom(within limits: RunLimits) -> Bool {
        self.steps < limits.stepsAhead && self.bytes < limits.bytesAhead.bytes
    }
}

extension SessionLoop {
    /// Puts everything on disk that is not, then does what was held for it; until nothing is left, or a group flies.
    ///
    /// The thread waits for the disk itself, for nothing else can be done then. Only where a pure attempt found no room
    /// its group flies, and the run goes on; others may have a word first.
    func commit() async throws(RunStop) {
        while self.flight == nil, self.hasSomething {
            guard !self.gathered.entries.isEmpty || !self.settlements.isEmpty else {
                try await self.carryOutHeld(by: self.gathered)
                continue
            }
            let append = self.depart()
            if let attempt = self.ahead.take(), !self.isOver {
                self.launch(append)
                return self.inbox.put(.command(self.finish(attempt)))
            }
            let context = self.journal.context
            let answer = try await self.journal.send(append) { fault in
                if let context { self.tell(.storeUnreachable(fault.message), of: context) }
            }
            try await self.land(answer)
        }
    }

    private var hasSomething: Bool {
        !self.gathered.entries.isEmpty || !self.gathered.effects.isEmpty || !self.settlements.isEmpty
    }

    /// Closes the group that was gathered: from here on it is `flight`, and the next is gathered.
    private func depart() -> AppendGroup {
        if self.isOver {
            self.settlements += self.haltRequests.map { Settlement($0) }
            self.haltRequests = []
        }
        let settlements = Array(self.settlements.prefix(TurnLimits.settlementsMax))
        self.settlements.removeFirst(settlements.count)
        var group = self.gathered
        self.gathered = HeldGroup()
        group.turns = self.marked(
            self.writer.turns(for: group.entries, base: self.journal.lastCheckpoint, at: self.kit.world.now()))
        group.releases = self.isOver && self.settlements.isEmpty
        self.flight = group
        return self.journal.group(group.turns, settling: settlements, releases: group.releases)
    }

    private func launch(_ append: AppendGroup) {
        let (journal, inbox) = (self.journal, self.inbox)
        self.works.start(.flight) {
            do throws(RunStop) {
                inbox.put(.landed(try await journal.send(append) { inbox.put(.unreachable($0)) }))
            } catch {
                inbox.put(.stop(error))
            }
        }
    }

    /// The group that was on its way is on disk: now it is told, and what was held for it is done.
    func land(_ answer: AppendAnswer) async throws(RunStop) {
        guard let group = self.flight.take() else { return }
        self.works.forget(.flight)
        try await self.journal.note(answer, of: group.turns, releases: group.releases) { _ in }
        for entry in group.entries { self.tell(entry) }
        if !self.isOver, !self.works.contains(.keeper) { self.keep() }
        for effect in group.effects { try await self.carryOut(effect) }
    }

    /// What has no events of its own, as a wish to stop.
    private func carryOutHeld(by group: HeldGroup) async throws(RunStop) {
        self.gathered.effects = []
        for effect in group.effects { try await self.carryOut(effect) }
    }
}
