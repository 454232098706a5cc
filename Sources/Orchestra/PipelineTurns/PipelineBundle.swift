import Vocabulary

/// What the type registry is told about the turns of pipelines.
package enum PipelineBundle {
    /// Not that of older writers: a bundle never changes once it was published.
    package static let id = "dev.cairn.orchestra.v1"

    /// The same bytes each time.
    package static var json: [UInt8] {
        let bundle: JSONValue = .object([
            "bundle_id": .string(self.id), "registry_version": 4, "types": .object(self.types), "enums": .object([:]),
        ])
        return Array(bundle.sortedText().utf8)
    }

    private static let values: [any PipelineTurnValue.Type] = [
        PipelineLifecycle.self, NodeExecution.self, Checkpoint.self, AgentTurn.self, ToolExecution.self,
        ParallelExecution.self, WorktreeEvent.self, HumanInteraction.self, LeaseRecord.self,
    ]

    private static var types: JSONObject {
        var types = JSONObject()
        for value in self.values {
            var versions = JSONObject()
            for version in 1...(value.fields.map(\.since).max() ?? 1) {
                var fields = JSONObject()
                for fact in value.fields where fact.since <= version { fields["\(fact.tag)"] = self.field(fact) }
                versions["\(version)"] = .object(["fields": .object(fields)])
            }
            types[value.typeID] = .object(["versions": .object(versions)])
        }
        return types
    }

    private static func field(_ fact: FieldFact) -> JSONValue {
        var field: JSONObject = ["name": .string(fact.name), "type": .string(fact.type)]
        field["items"] = fact.items.map(JSONValue.string)
        if fact.isOptional { field["optional"] = true }
        return .object(field)
    }
}
