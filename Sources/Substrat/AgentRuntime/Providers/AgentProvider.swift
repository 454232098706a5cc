package import AgentCore
package import EventLog
package import Vocabulary

/// Who answers for agents: it makes their sessions.
///
/// What a session was told lives in the log of its agent. A provider may forget everything between two turns.
package protocol AgentProvider: Sendable {
    var name: String { get }

    /// Whether a turn that a crash has interrupted goes on where its recorded calls end; else it begins anew.
    var continuesTurns: Bool { get }

    /// What its programs have to do with the workspaces of its agents.
    var workspaceUse: WorkspaceUse { get }

    /// Checks that it can answer for the agent, and says by what it knows the conversation again.
    ///
    /// Called once for an agent, and again when a crash came before the answer was recorded. Leaves nothing running.
    func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue

    /// Makes the conversation live: a new one, or one that was suspended, evicted, or cut off by a crash.
    func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession
}

extension AgentProvider {
    package var workspaceUse: WorkspaceUse { .nameOnly }
}

/// One live conversation. It is asked for one turn at a time.
package protocol ProviderSession: Sendable {
    /// Says the prompt, carries out what is asked for on the way, and returns the answer.
    ///
    /// When this throws, the session is stopped and not used again.
    func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String

    /// Ends what runs. A turn that is under way fails. May be called twice.
    func stop() async

    /// A hash over all that was said, the last answer included; `nil` for a session that makes none.
    ///
    /// It is on record with each answer, so that who reads the conversation from the log can prove it.
    var conversationHash: String? { get }
}

extension ProviderSession {
    package var conversationHash: String? { nil }
}

/// For whom a session is made.
package struct SessionOpening: Sendable {
    package let agent: AgentID
    package let session: SessionID
    package let name: String
    /// Empty for the default of the provider.
    package let model: String
    package let instructions: String
    /// The folder of the agent's log.
    package let folder: String
    /// With which its programs prove that they speak for the agent.
    package let token: String
    /// Where it works; `nil` for an agent without a workspace.
    package let workspace: SessionWorkspace?
    /// The model was named by the operator, for this agent or for one above it, and not by an agent.
    package let hasModelOfOperator: Bool
    /// All that is on record of the agent, for a provider that needs more than its finished turns; empty for `create`.
    package var log: [LogRecord] = []
}

/// A turn as a provider sees it.
package struct ProviderTurn: Sendable {
    package let number: Int
    package let prompt: String
    /// The calls of this very turn that took effect before a crash.
    package let recorded: [PastCall]
    let perform: @Sendable (ToolCall) async -> ToolOutcome
    /// Hears the answer piece by piece.
    package let onChunk: @Sendable (String) -> Void

    /// Calls a tool for the agent; what comes of it is durable when this returns.
    ///
    /// - Parameter said: What the model said before it asked for the tool.
    package func call(_ tool: String, _ arguments: JSONValue, said: String? = nil) async -> ToolOutcome {
        await self.perform(ToolCall(tool: tool, arguments: arguments, said: said))
    }
}

/// A turn that ended well.
package struct PastTurn: Hashable, Sendable {
    package var number: Int
    package var prompt: String
    package var calls: [PastCall]
    package var response: String
}

/// A call of a tool, and what came of it.
package struct PastCall: Hashable, Sendable {
    package var tool: String
    package var arguments: JSONValue
    package var outcome: ToolOutcome
}

/// Why a provider has no answer.
package struct ProviderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    /// What there was of an answer.
    package let partial: String?

    package init(_ message: String, partial: String? = nil) {
        self.message = message
        self.partial = partial
    }

    package var description: String { self.message }
}
