package import Vocabulary

/// What agents can call, by the name that models know.
package enum AgentTool: String, CaseIterable, Hashable, Sendable {
    case sendMessage = "send_message"
    case broadcast
    case checkInbox = "check_inbox"
    case spawnAgent = "spawn_agent"
    case inspectAgent = "inspect_agent"
    case complete
    case poke
    case remindMe = "remind_me"
    case cancelReminder = "cancel_reminder"
    case listChildren = "list_children"
    case setAgentMetadata = "set_agent_metadata"
    case subscribe, unsubscribe
    case listSubscriptions = "list_subscriptions"
    case gate, ungate
    case permitTurn = "permit_turn"
    case terminateChild = "terminate_child"
    case listWorkspaces = "list_workspaces"
    case createWorkspace = "create_workspace"
    case deleteWorkspace = "delete_workspace"
    case linkDir = "link_dir"
    case unlinkDir = "unlink_dir"
    case linkFrom = "link_from"

    /// What an argument must be.
    package enum Shape: String, Hashable, Sendable {
        case text = "a string"
        case texts = "an object of strings"
        case flag = "true or false"
        case seconds = "a number of seconds above 0"
        case any = "anything"
    }

    /// One argument of a tool.
    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let shape: Shape
        package let isNeeded: Bool

        static func needed(_ name: String, _ shape: Shape = .text) -> Self {
            Self(name: name, shape: shape, isNeeded: true)
        }

        static func optional(_ name: String, _ shape: Shape = .text) -> Self {
            Self(name: name, shape: shape, isNeeded: false)
        }
    }

    package var parameters: [Parameter] {
        switch self {
        case .sendMessage:
            [.needed("recipient"), .needed("text"), .optional("reply_to"), .optional("sync", .flag)]
        case .broadcast: [.needed("text")]
        case .checkInbox: [.optional("sender"), .optional("kind")]
        case .spawnAgent:
            [
                .needed("name"), .needed("instructions"), .optional("workspace"),
                .optional("metadata", .texts), .optional("provider"), .optional("model"),
            ]
        case .inspectAgent: [.needed("name")]
        case .complete: [.needed("result")]
        case .poke, .gate, .ungate, .permitTurn, .terminateChild: [.needed("agent_name")]
        case .remindMe: [.needed("reason"), .needed("timeout", .seconds), .optional("every", .seconds)]
        case .cancelReminder: [.needed("reminder_id")]
        case .listChildren, .listSubscriptions: []
        case .setAgentMetadata: [.needed("agent_name"), .needed("key"), .optional("value")]
        case .subscribe: [.needed("agent_name"), .needed("transition"), .optional("once", .flag)]
        case .unsubscribe: [.needed("subscription_id")]
        case .listWorkspaces: []
        case .createWorkspace:
            [
                .needed("name"), .optional("view_of"), .optional("subdir"), .optional("mode"),
                .optional("network_access", .flag),
            ]
        case .deleteWorkspace: [.needed("workspace")]
        case .linkDir: [.needed("workspace"), .needed("source"), .needed("target"), .optional("mode")]
        case .unlinkDir: [.needed("workspace"), .needed("target")]
        case .linkFrom:
            [
                .needed("workspace"), .needed("source_workspace"), .optional("subdir"), .needed("target"),
                .optional("mode"),
            ]
        }
    }

    /// Whether it is about folders on a disk: such a call is first intended, then done, then recorded.
    package var isAboutWorkspaces: Bool {
        switch self {
        case .listWorkspaces, .createWorkspace, .deleteWorkspace, .linkDir, .unlinkDir, .linkFrom: true
        default: false
        }
    }

    /// Passes when `arguments` are what the tool takes: nothing missing, nothing unknown, nothing of another kind.
    package func check(_ arguments: JSONValue) throws(AgentRefusal) {
        guard let given = arguments.object else {
            throw .badArgument(tool: self.rawValue, "arguments must be an object")
        }
        for key in given.keys where !self.parameters.contains(where: { $0.name == key }) {
            throw .badArgument(tool: self.rawValue, "no argument is called \(key.quotedForPeople())")
        }
        for parameter in self.parameters {
            guard let value = given[parameter.name], !value.isNull else {
                if parameter.isNeeded { throw .badArgument(tool: self.rawValue, "\(parameter.name) is missing") }
                continue
            }
            guard parameter.shape.fits(value) else {
                throw .badArgument(tool: self.rawValue, "\(parameter.name) must be \(parameter.shape.rawValue)")
            }
        }
    }
}

extension AgentTool.Shape {
    fileprivate func fits(_ value: JSONValue) -> Bool {
        switch self {
        case .text: value.string != nil
        case .texts: value.object?.allSatisfy { $0.value.string != nil } ?? false
        case .flag: value.bool != nil
        case .seconds: value.number.map { $0 >= 0.001 && $0 <= 3.2e9 } ?? false
        case .any: true
        }
    }
}
