package import TurnModel

/// What became of the worktree of a branch, or of all of them.
package struct WorktreeEvent: PipelineTurnValue {
    package var repository: String
    package var branch: String?
    package var path: String?
    package var worktreeBranch: String?
    package var branches: [String] = []
    package var mergedCommit: String?
    package var status: String

    package init(repository: String, status: String) {
        self.repository = repository
        self.status = status
    }
}

extension WorktreeEvent {
    package static let typeID = "dev.orchestra.WorktreeEvent"

    package static let fields = [
        FieldFact(1, "repo_name", "string", required: true),
        FieldFact(2, "branch_id", "string"),
        FieldFact(3, "worktree_path", "string"),
        FieldFact(4, "worktree_branch", "string"),
        FieldFact(5, "branch_ids", "array", of: "string"),
        FieldFact(6, "merged_sha", "string"),
        FieldFact(7, "status", "string", required: true),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.repository, 1)
        writer.put(self.branch, 2)
        writer.put(self.path, 3)
        writer.put(self.worktreeBranch, 4)
        writer.put(unlessEmpty: self.branches, 5)
        writer.put(self.mergedCommit, 6)
        writer.put(self.status, 7)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(repository: try reader.required(1), status: try reader.required(7))
        self.branch = try reader.optional(2)
        self.path = try reader.optional(3)
        self.worktreeBranch = try reader.optional(4)
        self.branches = try reader.optional(5) ?? []
        self.mergedCommit = try reader.optional(6)
    }
}
