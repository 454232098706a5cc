package import PipelineCore
package import TurnModel
package import Vocabulary

/// What `manifest.json` says.
package struct RunManifest: Sendable, Hashable {
    package let beginning: PipelineBeginning
    package let session: ContextID
    package let startedAt: Timestamp

    package init(_ beginning: PipelineBeginning, session: ContextID, at time: Timestamp) {
        self.beginning = beginning
        self.session = session
        self.startedAt = time
    }

    package var json: JSONObject {
        [
            "name": .string(self.beginning.name), "goal": .string(self.beginning.goal),
            "started_at": .string(self.startedAt.description), "session_id": .string(self.session.description),
            "display_id": .string(self.beginning.displayID.description), "file": .string(self.beginning.file),
            "graph_hash": .string(self.beginning.hash),
        ]
    }
}

/// What `checkpoint.json` says.
package struct CheckpointFile: Sendable, Hashable {
    /// The last that is done; at the end of a run that succeeded, its exit.
    package var currentNode: NodeID?
    package var nextNode: NodeID?
    /// `running`, or how the run ended.
    package var status: String
    package var savedAt: Timestamp

    package var json: JSONObject {
        [
            "current_node": self.currentNode.map { .string($0.text) } ?? .null,
            "next_node_id": self.nextNode.map { .string($0.text) } ?? .null, "status": .string(self.status),
            "saved_at": .string(self.savedAt.description),
        ]
    }
}
