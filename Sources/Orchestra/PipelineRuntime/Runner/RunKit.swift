package import PipelineCore
package import TurnModel
package import Vocabulary

/// All that runs share: who works, who is asked, who watches, and the limits.
package struct RunKit: Sendable {
    package var handlers: HandlerRegistry
    package var interviewer: (any Interviewer)?
    package var observers: [any RunObserver] = []
    package var place: HandlerPlace
    package var world = RunWorld()
    package var owner: SessionOwner
    package var limits = RunLimits()
    /// What becomes of an attempt of unknown fate.
    package var unknownFate = UnknownFatePolicy.retry
    /// Models are not asked: their nodes follow the script in the file, or succeed.
    package var isSimulated = false
    /// Handlers that change nothing outside, so that an attempt of unknown fate may be made again without asking.
    package var rerunnableHandlers: Set<HandlerType> = []
    package var engineVersion: String?
    /// The command that stands in for models, as the record of a session keeps it.
    package var agent: String?
    /// What a session keeps about who answers for its models, in the words of whoever made the kit; no secret.
    package var models: JSONObject = [:]
    /// The prompt layers of a pipeline as the files say now; a pipeline that they do not fit is refused.
    package var prompts: @Sendable (PipelineSource) throws(SessionRefusal) -> PromptBook = { _ in PromptBook() }
    /// Takes a line for a person that belongs to no event of a run.
    package var say: @Sendable (String) -> Void = { _ in }

    package init(handlers: HandlerRegistry, place: HandlerPlace, owner: SessionOwner = .current()) {
        self.handlers = handlers
        self.place = place
        self.owner = owner
    }

    /// - Parameter context: as the run begins, or goes on.
    func settings(of session: DisplayID, in context: PipelineContext) -> RunSettings {
        let key = session.description
        var settings: RunSettings =
            self.isSimulated
            ? .simulated(key: key, unknownFate: self.unknownFate) : RunSettings(key: key, unknownFate: self.unknownFate)
        settings.rerunnableHandlers.formUnion(self.rerunnableHandlers)
        settings.mergesAtFanIn = context.hasWorkspaces
        return settings
    }
}

/// How long things may take.
package struct RunLimits: Sendable, Hashable {
    /// How long a session stays owned by a process that says nothing.
    package var lease: Duration = .seconds(30)
    /// Between two looks for requests of other processes; each is one read.
    package var poll: Duration = .milliseconds(500)
    /// How long the store may be away before a run gives up.
    package var outage: Duration = .seconds(60)
    /// Nodes that may run ahead of the disk in one group, while another one is on its way.
    package var stepsAhead = 128
    /// About how many bytes of checkpoints may wait in one group.
    package var bytesAhead = ByteCount.mebibytes(1)

    package init() {}
}

/// The clock and the dice, which a test holds still.
package struct RunWorld: Sendable {
    package var now: @Sendable () -> Timestamp
    /// Throws when its task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// In 0..<1, to spread delays.
    package var fraction: @Sendable () -> Double
    package var random: @Sendable () -> UInt64
    /// Whether the owner of a lease is certainly gone.
    package var isDead: @Sendable (Lease) -> Bool
    /// The bytes of a pipeline file; `nil` when it cannot be read.
    package var read: @Sendable (String) -> [UInt8]?
}
