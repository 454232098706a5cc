package import TurnModel

/// A turn of a pipeline, whatever its type. The tags and versions are wire format.
package enum PipelineTurn: Hashable, Sendable {
    case lifecycle(PipelineLifecycle)
    case node(NodeExecution)
    case checkpoint(Checkpoint)
    case agent(AgentTurn)
    case tool(ToolExecution)
    case parallel(ParallelExecution)
    case worktree(WorktreeEvent)
    case human(HumanInteraction)
    case lease(LeaseRecord)
    /// A turn of a type that pipelines do not know.
    case other(TurnType)
}

/// One type of turn: what it holds, and how that goes into a payload and comes back.
package protocol PipelineTurnValue: Hashable, Sendable {
    static var typeID: String { get }
    /// All fields of all versions, by their tags.
    static var fields: [FieldFact] { get }
    /// In the oldest version that has all its fields.
    var newTurn: NewTurn { get }
    /// Reads a payload of any version. Fields of later versions are passed over.
    init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError)
}

/// What the type bundle says of a field.
package struct FieldFact: Hashable, Sendable {
    package let tag: UInt64
    package let name: String
    /// A word of the type registry.
    package let type: String
    /// Of the elements, for an array.
    package let items: String?
    /// The first version that has it.
    package let since: UInt32
    package let isOptional: Bool

    init(
        _ tag: UInt64, _ name: String, _ type: String, of items: String? = nil, since: UInt32 = 1,
        required: Bool = false
    ) {
        self.tag = tag
        self.name = name
        self.type = type
        self.items = items
        self.since = since
        self.isOptional = !required
    }
}

extension PipelineTurnValue {
    static func reader(_ payload: [UInt8], _ version: UInt32) throws(TurnDecodingError) -> FieldReader {
        try FieldReader(payload, of: TurnType(self.typeID, version: version))
    }
}

extension PipelineTurn {
    /// Reads a payload of the type it is declared to have.
    package init(decoding payload: [UInt8], type: TurnType) throws(TurnDecodingError) {
        let version = type.version
        switch type.id {
        case PipelineLifecycle.typeID: self = .lifecycle(try PipelineLifecycle(decoding: payload, version: version))
        case NodeExecution.typeID: self = .node(try NodeExecution(decoding: payload, version: version))
        case Checkpoint.typeID: self = .checkpoint(try Checkpoint(decoding: payload, version: version))
        case AgentTurn.typeID: self = .agent(try AgentTurn(decoding: payload, version: version))
        case ToolExecution.typeID: self = .tool(try ToolExecution(decoding: payload, version: version))
        case ParallelExecution.typeID: self = .parallel(try ParallelExecution(decoding: payload, version: version))
        case WorktreeEvent.typeID: self = .worktree(try WorktreeEvent(decoding: payload, version: version))
        case HumanInteraction.typeID: self = .human(try HumanInteraction(decoding: payload, version: version))
        case LeaseRecord.typeID: self = .lease(try LeaseRecord(decoding: payload, version: version))
        default: self = .other(type)
        }
    }

    /// To be appended; `nil` for a turn of a type that pipelines do not know.
    package var newTurn: NewTurn? {
        switch self {
        case .lifecycle(let value): value.newTurn
        case .node(let value): value.newTurn
        case .checkpoint(let value): value.newTurn
        case .agent(let value): value.newTurn
        case .tool(let value): value.newTurn
        case .parallel(let value): value.newTurn
        case .worktree(let value): value.newTurn
        case .human(let value): value.newTurn
        case .lease(let value): value.newTurn
        case .other: nil
        }
    }
}
