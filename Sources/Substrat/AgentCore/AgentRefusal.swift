import Vocabulary

/// Why the tree does not do what it was asked. Nothing was changed.
package enum AgentRefusal: Error, Hashable, Sendable {
    case unknownAgent(AgentID)
    case unknownReference(String)
    case ambiguousReference(String, [String])
    case badName(String)
    case nameTaken(String)
    case noSuchNeighbour(String)
    case notAChild(String)
    case toItself(AgentID)
    case outOfReach(AgentID, from: AgentID)
    case onlyRootsReachUser(AgentID)
    case notASender(AgentID)
    case noSiblings(AgentID)
    case inboxFull(AgentID)
    case busy(AgentID)
    /// A crash has cut off a turn of it that is to go on before another may begin.
    case mustGoOn(AgentID)
    case notReady(AgentID)
    case quarantined(AgentID, String)
    case alreadyAsked(key: String, RequestOutcome)
    /// The operator keeps it from its turns.
    case suspended(AgentID)
    case notSuspended(SessionID)
    case sessionState(SessionStateRefusal)
    case unknownSession(String)
    /// An agent that can be run, and whose parent can, needs no other place.
    case notAdoptable(SessionID)
    case ownAncestor(AgentID)
    /// A session that somebody lives in is not deleted.
    case sessionLives(SessionID)
    case nothingToDo(AgentID, WakeSkip)
    case noSuchTurn(AgentID, Int)
    case hasChildren(AgentID)
    case isRoot(AgentID)
    case isCompleting(AgentID)
    case notGated(AgentID)
    case unknownMessage(String)
    case unknownReminder(String)
    case unknownSubscription(String)
    case tooMany(String, max: Int)
    case unknownTool(String)
    case noWorkspaces
    case badArgument(tool: String, String)
}

extension AgentRefusal: CustomStringConvertible {
    /// One line for a person or a model.
    package var description: String {
        switch self {
        case .unknownAgent(let id): "no agent \(id.short) is known"
        case .unknownReference(let text): "no agent \(text.quotedForPeople()) is known"
        case .ambiguousReference(let text, let paths):
            "\(text.quotedForPeople()) is more than one agent: \(paths.joined(separator: ", "))"
        case .badName(let name):
            "\(name.quotedForPeople()) is no name: 1 to 64 letters, digits, _, - or ., no USER, SYSTEM or UUID"
        case .nameTaken(let name): "\(name.quotedForPeople()) is the name of an agent close by"
        case .noSuchNeighbour(let name): "\(name.quotedForPeople()) is neither parent, child nor sibling"
        case .notAChild(let name): "\(name.quotedForPeople()) is not the name of a child"
        case .toItself: "an agent cannot do this to itself"
        case .outOfReach(let to, let from):
            "agent \(to.short) is neither parent, child nor sibling of agent \(from.short)"
        case .onlyRootsReachUser: "only root agents may write to USER"
        case .notASender(let id): "agent \(id.short) cannot send this"
        case .noSiblings: "there are no siblings to tell"
        case .inboxFull(let id): "the inbox of agent \(id.short) is full"
        case .busy(let id): "agent \(id.short) has a turn"
        case .mustGoOn(let id): "a turn of agent \(id.short) was cut off by a restart and has to go on first"
        case .notReady(let id): "agent \(id.short) has no session yet"
        case .quarantined(let id, let why): "agent \(id.short) is quarantined: \(why)"
        case .alreadyAsked(let key, _): "request \(key.quotedForPeople()) was made before"
        case .suspended(let id): "agent \(id.short) is suspended"
        case .notSuspended(let id): "session \(id.short) is not suspended by hand"
        case .sessionState(let refusal): refusal.description
        case .unknownSession(let text): "no session \(text.quotedForPeople()) is known"
        case .notAdoptable(let id): "session \(id.short) is not quarantined, and neither is the parent of its agent"
        case .ownAncestor(let id): "agent \(id.short) would be its own ancestor"
        case .sessionLives(let id): "session \(id.short) is that of an agent that has not ended"
        case .nothingToDo(let id, let skip): "agent \(id.short) is not woken: \(skip.rawValue)"
        case .noSuchTurn(let id, let turn): "agent \(id.short) has no open turn \(turn)"
        case .hasChildren(let id): "agent \(id.short) has children"
        case .isRoot: "a root agent has nobody to give a result to"
        case .isCompleting: "the agent has given its result already"
        case .notGated(let id): "agent \(id.short) is not gated"
        case .unknownMessage(let text): "no message \(text.quotedForPeople()) is known, or more than one"
        case .unknownReminder(let text): "no reminder \(text.quotedForPeople()) is set"
        case .unknownSubscription(let text): "no subscription \(text.quotedForPeople()) is known"
        case .tooMany(let what, let max): "there are \(max) \(what) already, and more are not kept"
        case .unknownTool(let name): "no tool is called \(name.quotedForPeople())"
        case .noWorkspaces: "no workspaces are kept here"
        case .badArgument(let tool, let what): "\(tool): \(what)"
        }
    }
}
