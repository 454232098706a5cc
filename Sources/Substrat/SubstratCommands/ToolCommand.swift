import AgentCore
import ArgumentParser
import SubstratClient
import SubstratProtocol
import Vocabulary

/// `substrat tool`: how a program that has only a shell calls a tool for the agent it works for.
struct ToolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Call a tool in the name of an agent.",
        discussion: """
            Which agent, and its token, are in SUBSTRAT_AGENT_ID and SUBSTRAT_TOKEN, as the daemon has set them.
            What comes out is printed as JSON; a tool that refuses makes it exit with 1. Options of this command come \
            before the name of the tool:

              substrat tool send_message --recipient worker --text "count the files"
            """)

    @Option(help: "Directory of the daemon and its agents (SUBSTRAT_ROOT; ~/.substrat).") var root: String?
    @Argument(parsing: .captureForPassthrough, help: "The name of the tool, then --ARGUMENT VALUE for each.")
    var words: [String] = []

    func run() async throws {
        let speaker = try Speaker()
        guard let name = self.words.first else {
            let names = AgentTool.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure.usage("no tool is named", hint: "there are: \(names)")
        }
        let arguments = try ToolArguments.read(Array(self.words.dropFirst()), of: name)
        let answer = try await Caller(DaemonPlace(root: self.root))
            .ask("tool.call", speaker.call(name, .object(arguments)))
        Output.json(answer)
        if answer["error"] != nil { throw ExitCode(1) }
    }
}

/// Arguments of a tool as a shell gives them.
enum ToolArguments {
    /// Reads `--NAME VALUE`; what a value is read as, text or JSON, the tool says.
    static func read(_ words: [String], of tool: String) throws(CommandFailure) -> JSONObject {
        let parameters = AgentTool(rawValue: tool)?.parameters ?? []
        var arguments: JSONObject = [:]
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), word.count > 2 else {
                throw .usage("\(word.quotedForPeople()) is no --ARGUMENT")
            }
            let name = String(word.dropFirst(2)).replacing("-", with: "_")
            guard arguments[name] == nil else { throw .usage("\(word) is given twice") }
            guard let value = rest.popFirst() else { throw .usage("\(word) has no value") }
            let shape = parameters.first { $0.name == name }?.shape
            guard let shape, shape != .text else {
                arguments[name] = .string(value)
                continue
            }
            do throws(JSONError) {
                arguments[name] = try JSONValue(parsing: value)
            } catch {
                throw .usage("\(word): \(value.quotedForPeople()) is not \(shape.rawValue)")
            }
        }
        return arguments
    }
}
