import Dispatch
import PipelineCore
package import PipelineRuntime
import Synchronization
import TrailsClient
import TrailsCore
package import TurnModel
package import Vocabulary

/// Shows a run in the tree of TRAILS: the run is an app, and each visit of a node that does work is a child of it.
///
/// ```
/// run ──► observe ──► a queue ──► one client for each app, all on one connection ──► trailsd
///         (returns at once)       (reports are kept until trailsd has them)
/// ```
///
/// trailsd hears of nothing that is not on disk, and the run depends on it in no way: where it is away, the reports
/// wait for it, and the run goes on. What ancestors ask of the run's app is asked of the run: a cancel, and `pause`.
package final class PipelineApps: RunObserver {
    /// Events that may wait for the queue. A run that is faster for long shows only some of its nodes.
    static let backlogMax = 1_024
    /// Until the end of the grace, when a program is stopped that does not end by itself.
    static let patienceShare = 0.5
    static let away = "no connection to the server"
    static let warningsMax = 5
    /// How long a program may wait until trailsd knows its app, which it could ask for at once.
    static let introductionMax = Duration.seconds(1)
    /// After one waited in vain, how long none does.
    static let absence = Duration.seconds(60)

    let scene: Scene
    let state = Mutex(State())
    private let queue = DispatchQueue(label: "orchestra.apps")

    /// What does not change.
    package struct Scene: Sendable {
        package let standing: Standing?
        /// Holds the directories of all runs.
        package let runs: String
        package let environment: [String: String]
        /// Of a session that is resumed.
        package let displayID: DisplayID?
        /// Takes one line for a person.
        package let notice: @Sendable (String) -> Void
        package let now: @Sendable () -> Timestamp

        package init(
            standing: Standing?, runs: String, environment: [String: String], displayID: DisplayID? = nil,
            now: @escaping @Sendable () -> Timestamp, notice: @escaping @Sendable (String) -> Void
        ) {
            self.standing = standing
            self.runs = runs
            self.environment = environment
            self.displayID = displayID
            self.notice = notice
            self.now = now
        }
    }

    struct State {
        var control: SessionRun?
        var isCancelling = false
        /// Everything about the session that plays; a restarted loop is another one.
        var play: Play?
        var backlog = 0
        var skipped = 0
        /// The beginnings of what the client warned of, so that each thing is said once.
        var warnings: Set<String> = []
        var hasSaidAway: Bool { self.warnings.contains(PipelineApps.away) }
        /// Until when no program waits for its app.
        var isAwayUntil = Timestamp(milliseconds: 0)
        /// How to stop the program of a stage that is at work.
        var stops: [Stage: StopSign] = [:]
    }

    /// One session, as an app.
    final class Play: Sendable {
        let identity: RunIdentity
        let client: TrailsClient
        let displayID: DisplayID
        let over = Latch()

        init(_ identity: RunIdentity, _ client: TrailsClient, _ displayID: DisplayID) {
            self.identity = identity
            self.client = client
            self.displayID = displayID
        }

        /// How a person goes on with it.
        var resumeInfo: JSONValue { .string("orchestra resume \(self.displayID)") }
    }

    /// What belongs to the queue.
    struct Cast {
        var nodes: [Stage: TrailsClient] = [:]
        /// Stages whose program was stopped, with their branch: what that means is told later.
        var stopped: [Stage: BranchID?] = [:]
        /// How the run leaves.
        var farewell = DisconnectReason.completed
        var hasEnded = false
    }

    let cast = Mutex(Cast())

    package init(_ scene: Scene) {
        self.scene = scene
    }

    /// Where the programs of a run find themselves; `nil` as long as the run is no app.
    var play: Play? { self.state.withLock { $0.play } }
}

// MARK: - Beginning

extension PipelineApps {
    /// Returns at once, but for the first event: then the identity of the run is made durable.
    package func observe(_ event: RunEvent) {
        switch event.fact {
        case .pipelineStarted(let beginning): self.begin(beginning.displayID, name: beginning.name)
        case .pipelineResumed:
            if let id = self.scene.displayID { self.begin(id, name: "session \(id)") }
        default: break
        }
        guard let play else { return }
        let isNode = if case .stageStarted = event.fact { true } else { false }
        let mayWait = self.state.withLock { state in
            if isNode, state.backlog >= Self.backlogMax {
                state.skipped += 1
                return false
            }
            state.backlog += 1
            return true
        }
        guard mayWait else { return }
        self.queue.async {
            self.take(event, in: play)
            self.state.withLock { $0.backlog -= 1 }
        }
    }

    private func begin(_ id: DisplayID, name: String) {
        do throws(StandingProblem) {
            let identity = try RunIdentity.keep(
                in: "\(self.scene.runs)/\(id)", standing: self.scene.standing, name: name,
                tags: ["pipeline": .string(name), "session": .string("\(id)")], at: self.scene.now())
            guard let identity else { return }
            let config = identity.config(self.scene.environment)
            guard let client = TrailsClient.begin(config, notice: { self.hear($0) }) else { return }
            let play = Play(identity, client, id)
            self.cast.withLock { $0 = Cast() }
            self.state.withLock { $0.play = play }
            self.obey(as: play)
            client.status(["note": "begins", "resume_info": play.resumeInfo])
        } catch {
            self.scene.notice("the run is no app of TRAILS: \(error.message)" + (error.hint.map { " (\($0))" } ?? ""))
        }
    }

    /// What the client warns of, each thing once: as that trailsd is away.
    private func hear(_ warning: String) {
        let beginning = String(warning.prefix(Self.away.count))
        let isFirst = self.state.withLock {
            $0.warnings.count < Self.warningsMax && $0.warnings.insert(beginning).inserted
        }
        if isFirst { self.scene.notice("TRAILS: \(warning); the run goes on, and its reports are kept") }
    }

    /// Waits a moment, until trailsd knows of all that has happened. It does not wait for a trailsd that is away.
    func introduce(_ play: Play) async {
        let now = self.scene.now()
        guard self.state.withLock({ $0.isAwayUntil <= now }) else { return }
        await self.drained()
        guard await !play.client.flush(timeout: Self.introductionMax) else { return }
        self.state.withLock { $0.isAwayUntil = self.scene.now() + Self.absence }
    }

    /// Does `work` after all events that came before it.
    func enqueue(_ work: @escaping @Sendable () -> Void) { self.queue.async(execute: work) }

    /// Waits until every event so far has been told.
    func drained() async {
        await withCheckedContinuation { done in self.queue.async { done.resume() } }
    }
}
