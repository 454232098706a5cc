import PipelineCore
import TurnModel
package import Vocabulary

extension SessionSummary {
    /// As programs read it.
    package var json: JSONObject {
        var object: JSONObject = [
            "id": .string(self.displayID.description), "context": .string(self.context.description),
            "pipeline": .string(self.name), "status": .string(self.status.rawValue),
            "turns": .integer(Int64(self.turnCount)), "created": .string(self.createdAt.description),
            "updated": .string(self.movedAt.description),
            "next_node_id": self.nextNode.map { .string($0.text) } ?? .null,
        ]
        object["branch_of"] = self.branchOf.map { .string($0.description) }
        if let question {
            object["question"] = [
                "id": .string(question.id.text), "node": .string(question.node.text), "text": .string(question.text),
                "options": .array(question.options),
            ]
        }
        return object
    }
}
