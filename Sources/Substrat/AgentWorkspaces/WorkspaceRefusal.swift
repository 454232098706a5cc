import Vocabulary

/// Why a workspace is not made, changed, shown or given. Nothing was changed.
package enum WorkspaceRefusal: Error, Hashable, Sendable {
    case badName(String)
    case badReference(String)
    case unknown(String)
    case taken(WorkspaceKey)
    case damaged(WorkspaceKey, String)
    case noChild(String)
    case notYours(String)
    case noWorkspace
    case assigned(WorkspaceKey, to: [String])
    case badMode(String)
    case badMount(String)
    case badSource(String)
    case mountTaken(String)
    case noLink(String)
    case missing(String)
    case leadsOut(String)
    case onlyReadable(String)
    case ofTheDaemon(String)
    case noNetworkToGive
    case needsNetwork(WorkspaceKey, provider: String)
    case noSandbox(String)
    case foreignProgram(String, WorkspaceKey)
    case tooMany(String, max: Int)
}

extension WorkspaceRefusal: CustomStringConvertible {
    /// One line for a person or a model.
    package var description: String {
        switch self {
        case .badName(let name):
            "\(name.quotedForPeople()) is no name of a workspace: 1 to 64 letters, digits, _ or -, no _ or - first, "
                + "no USER or SYSTEM"
        case .badReference(let text):
            "\(text.quotedForPeople()) names no workspace: say NAME for one of yours, CHILD/NAME, or ../NAME"
        case .unknown(let text): "there is no workspace \(text.shownToPeople())"
        case .taken(let key): "there is a workspace \(key) already; it was not changed"
        case .damaged(let key, let why): "workspace \(key) cannot be used: \(why)"
        case .noChild(let name): "\(name.quotedForPeople()) is not the name of a child"
        case .notYours(let text): "workspace \(text.shownToPeople()) is neither yours nor that of a child"
        case .noWorkspace: "you work in no workspace; link_from links from any that you see"
        case .assigned(let key, let agents):
            "workspace \(key) is that of an agent: \(agents.joined(separator: ", ").shownToPeople())"
        case .badMode(let text): "\(text.quotedForPeople()) is no mode: ro or rw"
        case .badMount(let text): "\(text.quotedForPeople()) is no path in a workspace"
        case .badSource(let text):
            "\(text.quotedForPeople()) is no path from the root of a workspace on, without \"..\""
        case .mountTaken(let path): "there is a link at \(path.quotedForPeople()) already; unlink it first"
        case .noLink(let path): "there is no link at \(path.quotedForPeople())"
        case .missing(let path): "there is no folder \(path.shownToPeople())"
        case .leadsOut(let path): "\(path.quotedForPeople()) leads out of the workspace"
        case .onlyReadable(let path): "\(path.quotedForPeople()) can only be linked with mode ro"
        case .ofTheDaemon(let path): "\(path.shownToPeople()) holds files of the daemon"
        case .noNetworkToGive: "an agent whose workspace has no network cannot give it to others"
        case .needsNetwork(let key, let provider): "workspace \(key) has no network, and \(provider) needs it"
        case .noSandbox(let why): "no sandbox can be made: \(why)"
        case .foreignProgram(let path, let key):
            "\(path.shownToPeople()) cannot be seen in workspace \(key): put the program into it"
        case .tooMany(let what, let max): "there are \(max) \(what) already, and more are not kept"
        }
    }
}
