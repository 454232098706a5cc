package import PipelineCore
import PipelineTurns
package import TurnModel
package import Vocabulary

/// What a session tells of itself in its first turn, the same from then on.
package struct SessionStory: Sendable, Hashable {
    package let displayID: DisplayID
    package let name: String
    package let goal: String
    /// Absolute; empty when the text came from nowhere.
    package let file: String
    /// BLAKE3 of the bytes of the file, as lower-case hex.
    package let graphHash: String
    /// The blob with these bytes.
    package let source: BLAKE3.Digest?
    package let origin: Origin?
    package let branch: BranchID?
    package let startedAt: Timestamp
    package let engineVersion: String?
    /// The command that stood in for models when it began.
    package var agent: String?
    /// The session that was restarted into this one.
    package var predecessor: ContextID?
    /// The blob with its `SessionSettings`; `nil` when there was nothing to keep.
    package var settings: BLAKE3.Digest?

    /// Where a fork was made.
    package struct Origin: Sendable, Hashable {
        package let context: ContextID
        package let turn: TurnID
    }
}

extension SessionStory {
    /// The story of a session that begins now.
    init(
        of source: PipelineSource, displayID: DisplayID, at now: Timestamp,
        origin: Origin? = nil, engineVersion: String?, agent: String? = nil, predecessor: ContextID? = nil,
        settings: BLAKE3.Digest? = nil
    ) {
        self.init(
            displayID: displayID, name: source.graph.name, goal: source.graph.attributes.goal, file: source.path,
            graphHash: source.hash.description, source: source.hash, origin: origin, branch: nil, startedAt: now,
            engineVersion: engineVersion, agent: agent, predecessor: predecessor, settings: settings)
    }

    /// The story that the first turn of a session tells.
    init?(_ lifecycle: PipelineLifecycle, of row: SessionRow) {
        guard lifecycle.status == .started, let first = row.firstOwn else { return nil }
        let origin = lifecycle.forkedFromContext.flatMap { context in
            lifecycle.forkedFromTurn.map { Origin(context: context, turn: $0) }
        }
        self.init(
            displayID: row.displayID, name: lifecycle.pipeline, goal: lifecycle.goal ?? "",
            file: lifecycle.dotFile ?? "", graphHash: lifecycle.graphHash ?? "", source: lifecycle.dotSource,
            origin: origin, branch: nil, startedAt: first.createdAt, engineVersion: lifecycle.engineVersion,
            agent: lifecycle.agent, predecessor: lifecycle.restartedFrom, settings: lifecycle.settings)
    }

    /// The story of the branch `id` of this session.
    func of(_ id: BranchID, displayID: DisplayID, at now: Timestamp) -> Self {
        Self(
            displayID: displayID, name: self.name, goal: self.goal, file: self.file, graphHash: self.graphHash,
            source: self.source, origin: nil, branch: id, startedAt: now, engineVersion: self.engineVersion)
    }
}
