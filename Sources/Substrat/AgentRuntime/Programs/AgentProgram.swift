import AgentProtocols
import Vocabulary

/// The command line of somebody else's agent, which keeps its conversations itself: how it is called (Substrat spec,
/// 1.17).
///
/// It takes one prompt and prints what it does as JSON, line by line; nobody is there to allow what it wants to do, so
/// it is told to ask nobody. The tools of its agent it gets from a tool server, as its configuration says.
package struct AgentProgram: Hashable, Sendable {
    package enum Dialect: String, CaseIterable, Sendable {
        /// `cursor-agent`.
        case cursor = "cursor-agent"
        /// Claude Code.
        case claude
    }

    package let dialect: Dialect
    /// The program, by its path or as PATH finds it, and words for it that come after all others.
    let command: [String]

    /// - Parameter command: Words with spaces between them; empty for the usual one.
    package init(_ dialect: Dialect, command: String = "") {
        self.dialect = dialect
        let words = command.split(separator: " ").map(String.init)
        self.command = words.isEmpty ? [dialect.rawValue] : words
    }

    var path: String { self.command[0] }
}

/// What a program is asked in one turn.
struct ProgramQuestion: Hashable, Sendable {
    /// What the program calls the conversation.
    let conversation: String
    /// It is the first turn of the conversation.
    let isNew: Bool
    /// Empty for the default of the program.
    let model: String
    /// Where it works.
    let folder: String
    /// Where what it must find is, where it takes that by an option.
    let settings: String
    let system: String
    let prompt: String
}

extension AgentProgram {
    /// The words that make a conversation; `nil` where the first turn does.
    var creation: [String]? { self.dialect == .cursor ? [self.path, "create-chat"] : nil }

    /// The words of one turn, and what the program reads.
    func call(_ question: ProgramQuestion) -> (words: [String], input: String) {
        let model = question.model.isEmpty ? [] : ["--model", question.model]
        let more = self.command.dropFirst()
        switch self.dialect {
        case .cursor:
            let words = [
                self.path, "--print", "--output-format", "stream-json", "--trust", "--yolo", "--approve-mcps",
            ]
            // What begins with a dash would be taken for an option.
            let prompt = question.prompt.hasPrefix("-") ? " \(question.prompt)" : question.prompt
            let end = ["--workspace", question.folder, "--resume", question.conversation] + more + [prompt]
            return (words + model + end, "")
        case .claude:
            let words = [
                self.path, "--print", "--output-format", "stream-json", "--verbose", "--permission-mode",
                "bypassPermissions", "--mcp-config", "\(question.settings)/\(Self.claudeConfiguration)",
                "--append-system-prompt", question.system,
            ]
            let name = [question.isNew ? "--session-id" : "--resume", question.conversation]
            return (words + model + name + more, question.prompt)
        }
    }

    /// What the program finds in its folder: how it gets its tools, and where it has no option for it, who it is.
    ///
    /// Of each file, whether it must be in the very folder where the program works.
    func files(system: String, tools: ToolServerCommand) -> [(path: String, text: String, isInWork: Bool)] {
        let configuration = JSONValue.object(["mcpServers": ["substrat": tools.json]]).text
        switch self.dialect {
        case .cursor:
            let rules = "---\nalwaysApply: true\n---\n\n\(system)\n"
            return [(".cursor/mcp.json", configuration, true), (".cursor/rules/substrat.mdc", rules, true)]
        case .claude: return [(Self.claudeConfiguration, configuration, false)]
        }
    }

    /// What the program keeps in the home of its user.
    var homes: [String] {
        self.dialect == .cursor ? [".cursor", ".config/cursor"] : [".claude", ".claude.json", ".config/claude"]
    }

    /// Where it is installed in the home of its user, if it is.
    var installed: [String] {
        [".local/bin", self.dialect == .cursor ? ".local/share/cursor-agent" : ".local/share/claude"]
    }

    private static let claudeConfiguration = ".substrat/mcp.json"
}

/// How a program starts the tool server of its agent.
struct ToolServerCommand: Hashable, Sendable {
    let words: [String]
    let environment: [String: String]

    var json: JSONValue {
        var environment = JSONObject()
        for (name, value) in self.environment.sorted(by: { $0.key < $1.key }) { environment[name] = .string(value) }
        return [
            "command": .string(self.words.first ?? ""), "args": .array(self.words.dropFirst().map { .string($0) }),
            "env": .object(environment),
        ]
    }
}
