package import PipelineCore
import TurnModel

/// The work of this process on one session, from here to its end or a pause.
package final class SessionRun: Sendable {
    package let source: PipelineSource
    private let start: PipelineRun
    private let first: PipelineRun.Command
    private let preface: [RecordEntry]
    private let settlements: [Settlement]
    private let journal: SessionJournal
    private let writer: RecordWriter
    private let scene: SessionLoop.Scene
    private let kit: RunKit
    private let inbox = Inbox<Signal>()

    init(
        of source: PipelineSource, run: PipelineRun, first: PipelineRun.Command, preface: [RecordEntry],
        settlements: [Settlement],
        journal: SessionJournal, writer: RecordWriter, scene: SessionLoop.Scene, kit: RunKit
    ) {
        self.source = source
        self.start = run
        self.first = first
        self.preface = preface
        self.settlements = settlements
        self.journal = journal
        self.writer = writer
        self.scene = scene
        self.kit = kit
    }

    package var story: SessionStory { self.writer.story }

    /// Where a run goes on that has begun already.
    package var nextNode: NodeID? { self.start.attempt?.node ?? self.start.memory.nextNode }

    /// As it stands before the first node: of a session that goes on, what is on record.
    package var context: PipelineContext { self.start.context }

    /// Works until the run has ended, is paused, or must stop. Call it once.
    package func run() async -> RunReport {
        let loop = SessionLoop(
            self.start, journal: self.journal, writer: self.writer, inbox: self.inbox, scene: self.scene,
            kit: self.kit)
        let ending = await loop.play(self.first, preface: self.preface, settling: self.settlements)
        return RunReport(session: loop.journal.context, displayID: self.story.displayID, ending: ending)
    }

    /// Asks it to stop at the next boundary, to be resumed. From any thread.
    package func requestPause() { self.inbox.put(.command(.requestPause)) }

    /// As `requestPause`, because this program ends: the session is among `Sessions.drained` then.
    package func requestDrain() { self.inbox.put(.drain) }

    /// Asks it to stop at the next boundary, for good.
    package func requestCancel(reason: String) { self.inbox.put(.command(.requestCancel(reason: reason))) }

    func obey(_ halt: Halt) {
        switch halt.kind {
        case .pause: self.requestPause()
        case .cancel(let reason): self.requestCancel(reason: reason)
        }
        if halt.isAborting { self.abort() }
    }

    /// Lets it end where it is, without a last turn.
    func stop(_ stop: RunStop) { self.inbox.put(.stop(stop)) }

    /// Asks it to stop the attempt at work too; without an earlier request it is a pause.
    package func abort() { self.inbox.put(.command(.abort)) }
}
