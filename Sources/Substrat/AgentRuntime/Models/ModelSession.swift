import AgentCore
import AgentProtocols
import ModelClient
import Synchronization
import Vocabulary

/// The conversation with one bare model.
///
/// It reads its own turns as it reads those of the log: what the server hears after a restart is what it would have
/// heard without one.
///
///     prompt ─▶ ask ─words─▶ answer
///                ▲  └─calls─▶ carry out, one by one ─┐
///                └───────────────────────────────────┘
final class ModelSession: ProviderSession {
    private let model: Model
    private let state: Mutex<State>

    private struct State {
        var reader: ConversationReader
        var work: Task<Result<String, ProviderFailure>, Never>?
        var isStopped = false
    }

    init(_ reader: ConversationReader, _ model: Model) {
        self.model = model
        self.state = Mutex(State(reader: reader))
    }

    func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String {
        // A task of its own, for `stop` to end: its connection closes at once.
        let work = Task { await self.answer(turn) }
        let isStopped = self.state.withLock { state in
            state.work = work
            return state.isStopped
        }
        if isStopped { work.cancel() }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        self.state.withLock { $0.work = nil }
        return try result.get()
    }

    func stop() async {
        let work = self.state.withLock { state in
            state.isStopped = true
            return state.work.take()
        }
        work?.cancel()
    }

    var conversationHash: String? { self.state.withLock { $0.reader.conversation.chain.description } }

    private func answer(_ turn: ProviderTurn) async -> Result<String, ProviderFailure> {
        let telling = Telling(turn.onChunk)
        let number = JSONValue.integer(Int64(turn.number))
        self.read("turn.start", ["prompt": .string(turn.prompt), "turn_id": number])
        do throws(ProviderFailure) {
            let text = try await self.lastWords(turn, telling)
            self.read("turn.complete", ["response": .string(text), "turn_id": number])
            return .success(text)
        } catch {
            return .failure(error)
        }
    }

    /// Asks until the model has nothing left to be done for it.
    private func lastWords(_ turn: ProviderTurn, _ telling: Telling) async throws(ProviderFailure) -> String {
        for round in 1...self.model.options.roundsMax {
            let answer = try await self.model.ask(self.messages, telling)
            if answer.calls.isEmpty {
                guard round > 1 || !answer.text.isBlank else { throw ProviderFailure("the model gave an empty answer") }
                return answer.text
            }
            try await self.carryOut(answer, in: turn)
            telling.beginAnother()
        }
        throw ProviderFailure("the model asked for tools \(self.model.options.roundsMax) times and came to no end")
    }

    /// Carries out what the model asks for, in its order. What it said goes on record with the first call.
    private func carryOut(_ answer: ChatAnswer, in turn: ProviderTurn) async throws(ProviderFailure) {
        var said = answer.text.isBlank ? nil : answer.text
        for call in answer.calls {
            guard !Task.isCancelled else { throw ProviderFailure("the turn was stopped") }
            let arguments = call.readArguments
            let outcome = await turn.call(call.name, arguments, said: said)
            self.read("tool.call", Self.event(call.name, arguments, said, outcome))
            said = nil
        }
    }

    /// As it is in the log.
    private static func event(
        _ tool: String, _ arguments: JSONValue, _ said: String?, _ outcome: ToolOutcome
    ) -> JSONObject {
        var event: JSONObject = ["tool": .string(tool), "args": arguments]
        event["said"] = said.map(JSONValue.string)
        switch outcome {
        case .result(let value): event["result"] = value
        case .error(let text): event["error"] = .string(text)
        }
        return event
    }

    private func read(_ event: String, _ data: JSONObject) {
        self.state.withLock { $0.reader.read(event, .object(data)) }
    }

    private var messages: [JSONValue] { self.state.withLock { $0.reader.messages ?? [] } }
}

extension ChatToolCall {
    /// Arguments that are no JSON go to the tool as a text, which it refuses: the model hears why, and tries again.
    fileprivate var readArguments: JSONValue {
        if self.arguments.isBlank { return [:] }
        return (try? JSONValue(parsing: Array(self.arguments.utf8))) ?? .string(self.arguments)
    }
}

extension String {
    fileprivate var isBlank: Bool { self.allSatisfy(\.isWhitespace) }
}
