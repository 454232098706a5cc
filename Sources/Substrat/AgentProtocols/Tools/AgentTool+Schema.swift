package import AgentCore
package import Vocabulary

/// Tools as models read them.
extension AgentTool {
    /// What it does, in a line.
    package var summary: String {
        switch self {
        case .sendMessage: "Sends a message to your parent, a child or a sibling; an answer wakes you."
        case .broadcast: "Sends a message to each of your siblings."
        case .checkInbox: "Takes messages out of your inbox now; unread ones wake you anyway."
        case .spawnAgent: "Makes a child that begins when this turn is over; you can send to it at once."
        case .inspectAgent: "Shows the state of a child and what waits in its inbox."
        case .complete: "Answers your parent with your result, and ends you when this turn is over."
        case .poke: "Wakes a child that has unread messages, after a failed turn for example."
        case .remindMe: "Sends you a message later."
        case .cancelReminder: "Cancels a reminder that has not fired."
        case .listChildren: "Lists your children."
        case .setAgentMetadata: "Sets or deletes a note about a child."
        case .subscribe: "Tells you of changes of state of your parent, a child or a sibling."
        case .unsubscribe: "Ends a subscription of yours."
        case .listSubscriptions: "Lists your subscriptions."
        case .gate: "Holds a child: its messages wait, and it takes no turn of its own."
        case .ungate: "Lets a child go on that was held."
        case .permitTurn: "Lets a child that is held take one turn."
        case .listWorkspaces: "Lists the workspaces that you see: yours, your children's, your parent's."
        case .createWorkspace: "Makes a workspace of yours, empty or as a view of a folder of another one."
        case .deleteWorkspace: "Deletes a workspace of yours or a child's, and its views; not one that is used."
        case .linkDir: "Shows a folder of the workspace you work in inside another one."
        case .unlinkDir: "Takes a link out of a workspace; what it showed stays."
        case .linkFrom: "Shows a folder of any workspace that you see inside one of yours or a child's."
        case .terminateChild: "Ends a child without children; its unread messages go back to who sent them."
        }
    }

    /// What a call must look like, as JSON Schema: `required` only where something is.
    package var schema: JSONValue {
        var properties = JSONObject()
        for parameter in self.parameters { properties[parameter.name] = parameter.schema(in: self) }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        let needed = self.parameters.filter(\.isNeeded).map { JSONValue.string($0.name) }
        if !needed.isEmpty { schema["required"] = .array(needed) }
        return .object(schema)
    }
}

extension AgentTool.Parameter {
    fileprivate func schema(in tool: AgentTool) -> JSONValue {
        var schema: JSONObject = [:]
        switch self.shape {
        case .text: schema["type"] = "string"
        case .flag: schema = ["type": "boolean", "default": false]
        case .seconds: schema = ["type": "number", "exclusiveMinimum": 0]
        case .texts: schema = ["type": "object", "additionalProperties": ["type": "string"]]
        case .any: break
        }
        if (tool, self.name) == (.checkInbox, "kind") {
            schema["enum"] = .array(EnvelopeKind.allCases.map { .string($0.rawValue) })
        }
        if tool.isAboutWorkspaces, self.name == "mode" { schema["enum"] = ["ro", "rw"] }
        schema["description"] = .string(self.summary(in: tool))
        return .object(schema)
    }

    private func summary(in tool: AgentTool) -> String {
        switch (tool, self.name) {
        case (.spawnAgent, "name"): "1 to 64 letters, digits, _, - or ."
        case (.inspectAgent, "name"): "The child."
        case (.subscribe, "agent_name"): "Whose."
        case (_, "agent_name"): "The child."
        case (_, "recipient"): "A name, an id, or USER (from a root)."
        case (_, "text"): "What to say."
        case (_, "reply_to"): "The id of the message that this answers."
        case (_, "sync"): "Whether the recipient's next answer is an answer to this."
        case (_, "sender"): "Only from this one."
        case (_, "kind"): "Only of this kind."
        case (_, "instructions"): "Its task."
        case (.createWorkspace, "name"): "1 to 64 letters, digits, _ or -."
        case (.spawnAgent, "workspace"): "Where it works: NAME, CHILD/NAME or ../NAME; as it is, where you do."
        case (_, "workspace"): "NAME for one of yours, or CHILD/NAME."
        case (_, "view_of"), (_, "source_workspace"): "NAME for one of yours, CHILD/NAME, or ../NAME."
        case (_, "subdir"): "A folder in it; as it is, all of it."
        case (_, "source"): "A folder, from the root of your workspace on."
        case (_, "target"): "Where it is to be seen, from the root of the workspace on."
        case (_, "mode"): "ro to read, as it is, or rw to write too."
        case (_, "network_access"): "Whether programs in it may use the network."
        case (_, "metadata"): "Notes about it."
        case (_, "provider"): "Who answers for it; as it is, who answers for you."
        case (_, "model"): "The model; as it is, yours."
        case (_, "result"): "What came of your task."
        case (_, "reason"): "What to remind you of."
        case (_, "timeout"): "In so many seconds after this turn."
        case (_, "every"): "And again each so many seconds."
        case (_, "reminder_id"): "What remind_me returned."
        case (_, "key"): "The name of the note."
        case (_, "value"): "The note; without it, it is deleted."
        case (_, "transition"): "FROM->TO, each of them idle, busy, waiting, terminated or *."
        case (_, "once"): "Whether the first is enough."
        case (_, "subscription_id"): "What subscribe returned."
        default: ""
        }
    }
}
