import Foundation
import Vocabulary

/// The agent that this program works for, as the daemon has told it.
struct Speaker {
    let agent: String
    private let token: String

    /// - Parameter agent: Its id; `nil` for what the environment says.
    init(_ agent: String? = nil) throws(CommandFailure) {
        let environment = ProcessInfo.processInfo.environment
        guard let agent = agent ?? environment["SUBSTRAT_AGENT_ID"], let token = environment["SUBSTRAT_TOKEN"] else {
            throw .usage(
                "SUBSTRAT_AGENT_ID and SUBSTRAT_TOKEN are not set",
                hint: "tools are for the programs that the daemon starts for its agents")
        }
        self.agent = agent
        self.token = token
    }

    /// The parameters of a call of a tool.
    func call(_ tool: String, _ arguments: JSONValue) -> JSONObject {
        var params = JSONObject(agent: self.agent).adding(["tool": tool, "token": self.token])
        params["arguments"] = arguments
        return params
    }
}
