import AgentCore
import AgentProtocols
import DurableFiles
import ProcessGuard
package import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Agents that are somebody else's command line: one process for each turn, which goes on with its own conversation.
///
/// The conversation is known by a name that is on record from the beginning, so a restart goes on with it. A turn that
/// a crash has cut off begins anew; the program may remember a part of it, and is told so. A program that does not know
/// the name any more fails the turn: a conversation is never begun anew in silence.
package struct ProgramProvider: AgentProvider {
    private let program: AgentProgram
    private let options: ProgramOptions

    package var name: String { self.program.dialect.rawValue }
    package var continuesTurns: Bool { false }
    package var workspaceUse: WorkspaceUse { .sandbox(needsNetwork: true) }

    package init(_ program: AgentProgram, options: ProgramOptions) {
        self.program = program
        self.options = options
    }

    package func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue {
        try self.checkProgram()
        let seat = self.seat(opening)
        guard let words = self.program.creation else {
            var dice = SystemRandomNumberGenerator()
            return ["chat": .string(Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &dice) }))]
        }
        let options = self.options
        let said = try await onThreadOfItsOwn { () throws(ProviderFailure) in
            try seat.prepare()
            return try ProgramRun.whole(seat.start(words), options)
        }
        let last = said.split(whereSeparator: \.isNewline).last.map { $0.filter { !$0.isWhitespace } } ?? ""
        guard !last.isEmpty, last.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ProviderFailure("\(self.program.path) says no name of a new conversation: \(said.quotedForPeople())")
        }
        return ["chat": .string(last)]
    }

    package func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession {
        guard let chat = reference["chat"]?.string else {
            throw ProviderFailure("it is not on record by which name \(self.program.path) knows the conversation")
        }
        let seat = self.seat(opening)
        try await onThreadOfItsOwn { () throws(ProviderFailure) in try seat.prepare() }
        return ProgramSession(seat, chat: chat, first: history.first?.number, self.options)
    }

    private func seat(_ opening: SessionOpening) -> ProgramSeat {
        ProgramSeat(program: self.program, opening: opening, options: self.options)
    }

    /// Fails now rather than in the first turn.
    private func checkProgram() throws(ProviderFailure) {
        let name = self.program.path
        let folders = (self.options.environment["PATH"] ?? "").split(separator: ":")
        let places = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
        guard places.contains(where: { access($0, X_OK) == 0 }) else {
            let variable = self.program.dialect == .cursor ? "SUBSTRAT_CURSOR_AGENT" : "SUBSTRAT_CLAUDE"
            throw ProviderFailure("\(name) is not a program that can be run (\(variable) says which is)")
        }
    }
}

/// How such programs are run.
package struct ProgramOptions: Sendable {
    /// What every program gets; nothing else is inherited.
    package var environment: [String: String]
    /// What starts a tool server; the id of the agent follows.
    package var toolServer: [String]
    /// How long a program may say nothing.
    package var patience = Duration.seconds(600)
    /// From its last word until it is killed.
    package var grace = Duration.seconds(10)

    package init(environment: [String: String], toolServer: [String]) {
        self.environment = environment
        self.toolServer = toolServer
    }

    /// Of `environment`, what programs need: where things are, how the network is reached, and their own settings and
    /// keys.
    package static func inherited(from environment: [String: String]) -> [String: String] {
        let names: Set = [
            "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL", "SSL_CERT_FILE", "IS_SANDBOX",
            "NODE_EXTRA_CA_CERTS", "SSH_AUTH_SOCK", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
        ]
        let beginnings = ["ANTHROPIC_", "CLAUDE_", "CURSOR_", "AWS_", "XDG_"]
        return environment.filter { name, _ in
            names.contains(name) || names.contains(name.uppercased()) || beginnings.contains(where: name.hasPrefix)
        }
    }
}
