import ArgumentParser
import Dispatch
import SubstratClient
import SubstratProtocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `substrat agent attach`: a conversation on the terminal.
struct AgentAttach: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Talk to an agent, line by line.",
        discussion: """
            An empty line, the end of input or Ctrl-C detaches. A turn that is under way then goes on, and is in the \
            agent's events.
            """)

    @Argument(help: "Which agent.") var ref: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        signal(SIGINT, SIG_IGN)
        let interrupts = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        interrupts.setEventHandler {
            Output.line("\ndetached")
            Output.end(0)
        }
        interrupts.resume()
        try await self.place.connected { (connection) throws(ClientError) in
            let agent = try await connection.call("agent.inspect", JSONObject(agent: self.ref))
            let path = agent["path"]?.string ?? self.ref
            Output.aside("attached to \(path) [\(agent["state"]?.string ?? "?")]; an empty line detaches\n")
            while let line = self.prompt(), !line.isEmpty {
                try await self.talk(line, over: connection)
            }
        }
        interrupts.cancel()
        Output.line("detached")
    }

    private func prompt() -> String? {
        if isatty(STDIN_FILENO) == 1 { Output.text("> ") }
        return readLine()
    }

    /// What the daemon refuses is said, and the conversation goes on.
    private func talk(_ line: String, over connection: SubstratConnection) async throws(ClientError) {
        let params = JSONObject(agent: self.ref).adding(["message": line])
        do throws(ClientError) {
            try await connection.stream("agent.stream", params, timeout: SubstratConnection.turnTimeout) { body in
                if case .chunk(let text) = body { Output.text(text) }
            }
            Output.text("\n")
        } catch {
            guard case .refused = error else { throw error }
            Output.complain(CommandFailure(error))
        }
    }
}

/// What a command is given to say.
enum Input {
    /// `text`, or all of standard input for `-`.
    static func message(_ text: String) throws(CommandFailure) -> String {
        guard text == "-" else { return text }
        var message = ""
        while let line = readLine(strippingNewline: false) { message += line }
        return message
    }
}
