package import TurnModel
package import Vocabulary

/// What becomes of a run as a whole.
package struct PipelineLifecycle: PipelineTurnValue {
    package enum Status: String, Sendable, FieldValue {
        case started, completed, failed, paused
        /// Since version 3.
        case resumed, cancelled, restarted
    }

    package var pipeline: String
    package var goal: String?
    package var status: Status
    package var duration: Duration?
    package var error: String?
    package var displayID: String?
    package var dotFile: String?
    package var graphHash: String?
    package var checkpointNode: String?
    package var reason: String?
    /// The blob that holds the DOT text.
    package var dotSource: BLAKE3.Digest?
    package var variables: JSONObject = [:]
    package var forkedFromContext: ContextID?
    package var forkedFromTurn: TurnID?
    package var owner: String?
    package var engineVersion: String?
    /// The command that stands in for models; `nil` for none.
    package var agent: String?
    /// The session that ended at an edge with `loop_restart`, for this one to begin.
    package var restartedFrom: ContextID?
    /// The blob that says how the session is run: its prompt layers, and who answers for its models.
    package var settings: BLAKE3.Digest?

    package init(pipeline: String, status: Status) {
        self.pipeline = pipeline
        self.status = status
    }
}

extension PipelineLifecycle {
    package static let typeID = "dev.orchestra.PipelineLifecycle"

    package static let fields = [
        FieldFact(1, "pipeline_name", "string", required: true),
        FieldFact(2, "goal", "string"),
        FieldFact(3, "status", "string", required: true),
        FieldFact(4, "duration_ms", "u64"),
        FieldFact(5, "error", "string"),
        FieldFact(6, "session_display_id", "string"),
        FieldFact(7, "dot_file_path", "string", since: 2),
        FieldFact(8, "graph_hash", "string", since: 2),
        FieldFact(9, "checkpoint_node_id", "string", since: 3),
        FieldFact(10, "reason", "string", since: 3),
        FieldFact(11, "dot_source_ref", "bytes", since: 3),
        FieldFact(12, "variables", "map", since: 3),
        FieldFact(13, "forked_from_context", "u64", since: 3),
        FieldFact(14, "forked_from_turn", "u64", since: 3),
        FieldFact(15, "owner", "string", since: 3),
        FieldFact(16, "engine_version", "string", since: 3),
        FieldFact(17, "agent", "string", since: 3),
        FieldFact(18, "restarted_from", "u64", since: 3),
        FieldFact(19, "settings_ref", "bytes", since: 3),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.pipeline, 1)
        writer.put(self.goal, 2)
        writer.put(self.status, 3)
        writer.put(self.duration, 4)
        writer.put(self.error, 5)
        writer.put(self.displayID, 6)
        writer.put(self.dotFile, 7)
        writer.put(self.graphHash, 8)
        writer.put(self.checkpointNode, 9)
        writer.put(self.reason, 10)
        writer.put(self.dotSource, 11)
        writer.put(unlessEmpty: self.variables, 12)
        writer.put(self.forkedFromContext, 13)
        writer.put(self.forkedFromTurn, 14)
        writer.put(self.owner, 15)
        writer.put(self.engineVersion, 16)
        writer.put(self.agent, 17)
        writer.put(self.restartedFrom, 18)
        writer.put(self.settings, 19)
        return writer.turn(Self.self, atLeast: self.status.versionMin)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(pipeline: try reader.required(1), status: try reader.required(3))
        self.goal = try reader.optional(2)
        self.duration = try reader.optional(4)
        self.error = try reader.optional(5)
        self.displayID = try reader.optional(6)
        self.dotFile = try reader.optional(7)
        self.graphHash = try reader.optional(8)
        self.checkpointNode = try reader.optional(9)
        self.reason = try reader.optional(10)
        self.dotSource = try reader.optional(11)
        self.variables = try reader.optional(12) ?? [:]
        self.forkedFromContext = try reader.optional(13)
        self.forkedFromTurn = try reader.optional(14)
        self.owner = try reader.optional(15)
        self.engineVersion = try reader.optional(16)
        self.agent = try reader.optional(17)
        self.restartedFrom = try reader.optional(18)
        self.settings = try reader.optional(19)
    }
}

extension PipelineLifecycle.Status {
    /// Readers of version 1 know three of the words only; a start has always been written as version 2.
    fileprivate var versionMin: UInt32 {
        switch self {
        case .completed, .failed, .paused: 1
        case .started: 2
        case .resumed, .cancelled, .restarted: 3
        }
    }
}
