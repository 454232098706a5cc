import DurableFiles
import Foundation
package import ModelClient
package import PipelineCore
import PipelineTurns
import Vocabulary

/// A model on a server, asked once for each attempt: it has no tools, so what it does is its answer.
///
/// The attempt key goes along as `Idempotency-Key`, the lines of the answer are told as they come, and what was said
/// is recorded with its price as an agent turn.
package struct ChatBackEnd: ModelBackEnd {
    private let directory: ModelDirectory
    private let client: ChatClient
    private let redaction: Redaction
    /// For a node that says nothing; all tries of a question are in it.
    private let timeoutDefault: Duration
    private let threads = ChatThreads()

    package init(
        _ directory: ModelDirectory, client: ChatClient = ChatClient(), timeoutDefault: Duration = .seconds(600)
    ) {
        self.directory = directory
        self.client = client
        self.timeoutDefault = timeoutDefault
        self.redaction = Redaction(environment: ProcessInfo.processInfo.environment, secrets: directory.secrets)
    }

    package func ask(_ call: HandlerCall, conclude: @escaping @Sendable (String) -> Outcome) async -> Outcome {
        let choice: ModelDirectory.Choice
        do throws(ModelDirectory.Refusal) {
            choice = try self.directory.choose(model: call.model, provider: call.provider)
        } catch {
            return .fail("node \(call.node.id) cannot ask a model: \(error)", isRetryable: false)
        }
        let prompt: String
        do throws(TemplateError) { prompt = try call.prompt() } catch { return call.failure(error) }
        let files = call.runFiles
        call.report(.prompt(prompt))
        await files?.keep(prompt, as: .prompt, call.report)
        let history = self.threads.messages(before: call)
        let messages = Self.messages(prompt, after: history, call.talk)
        let request = self.request(call, choice, messages)
        do throws(Failure) {
            let answer = try await self.answer(request, at: choice.endpoint, call)
            let text = self.redaction.redactKnown(answer.text.trimmed)
            await files?.keep(text, as: .response, call.report)
            call.report(.response(text))
            self.threads.keep(messages + [ChatMessage(.assistant, text)], after: call)
            call.report(.agent(Self.turn(of: call, choice, messages.dropFirst(history.count), answer, text)))
            return Self.outcome(answer, conclude(text), call)
        } catch {
            return error.outcome(of: call, self.redaction)
        }
    }

    /// What to tell a person before `nodes` are run.
    package func notes(about nodes: [PipelineNode], in graph: PipelineGraph) -> [String] {
        let (model, provider) = (graph.attributes.llmModel, graph.attributes.llmProvider)
        var notes: [String] = []
        for node in nodes {
            let choice: ModelDirectory.Choice
            do throws(ModelDirectory.Refusal) {
                choice = try self.directory.choose(
                    model: node.llmModel.isEmpty ? model : node.llmModel,
                    provider: node.llmProvider.isEmpty ? provider : node.llmProvider)
            } catch {
                notes.append("node \(node.id) will fail: \(error)")
                continue
            }
            guard choice.endpoint.isOpenToEavesdroppers, choice.endpoint.key != nil else { continue }
            notes.append("the key for \(choice.endpoint) travels without encryption (use https)")
        }
        var seen: Set<String> = []
        return notes.filter { seen.insert($0).inserted }
    }

    private func request(
        _ call: HandlerCall, _ choice: ModelDirectory.Choice, _ messages: [ChatMessage]
    ) -> ChatRequest {
        var request = ChatRequest(model: choice.model, messages: messages, idempotencyKey: call.attempt.key.text)
        request.temperature = call.node.temperature
        request.maxTokens = call.node.maxTokens
        request.reasoningEffort = call.node.reasoningEffort.isEmpty ? nil : call.node.reasoningEffort
        return request
    }

    /// In a thread that heard the agent's last words already, only what the person said to them is new.
    private static func messages(
        _ prompt: String, after history: [ChatMessage], _ talk: [Talk.Turn]
    ) -> [ChatMessage] {
        let said = talk.map { ChatMessage($0.isOfAgent ? .assistant : .user, $0.text) }
        if let last = said.last, said.count > 1, history.last == said[said.count - 2] { return history + [last] }
        return history + [ChatMessage(.user, prompt)] + said
    }

    /// An answer that had to end before its end is no full success.
    private static func outcome(_ answer: ChatAnswer, _ outcome: Outcome, _ call: HandlerCall) -> Outcome {
        guard answer.ending == .cut, outcome.status == .success else { return outcome }
        call.report(.note("the answer of \(call.node.id) is cut: the model had no tokens left (max_tokens)"))
        var partial = outcome
        partial.status = .partialSuccess
        return partial
    }

    private static func turn(
        of call: HandlerCall, _ choice: ModelDirectory.Choice, _ said: some Sequence<ChatMessage>, _ answer: ChatAnswer,
        _ text: String
    ) -> AgentTurn {
        var turn = AgentTurn(number: 1, node: call.node.id.text)
        turn.model = answer.model ?? choice.model
        turn.provider = choice.provider.isEmpty ? nil : choice.provider
        turn.messages = JSONValue.array(said.map(\.json) + [ChatMessage(.assistant, text).json]).text
        if let usage = answer.usage { turn.tokenUsage = ["input_tokens": usage.input, "output_tokens": usage.output] }
        turn.state = call.briefing.thread.map { JSONValue.object(["thread": .string($0)]).text }
        return turn
    }
}

// MARK: - Time

extension ChatBackEnd {
    enum Failure: Error {
        case chat(ChatError)
        case timedOut(Duration)

        func outcome(of call: HandlerCall, _ redaction: Redaction) -> Outcome {
            switch self {
            case .chat(let error) where error.code == .cancelled: .fail("node \(call.node.id) was stopped on request")
            case .chat(let error):
                .fail(
                    redaction.redact("the model of node \(call.node.id) failed: \(error)"),
                    isRetryable: error.isRetryable)
            case .timedOut(let time):
                .fail("the model of node \(call.node.id) failed: it timed out after \(time.humanText)")
            }
        }
    }

    /// The answer, or what came first: the end of the time, or that somebody does not want it any more. The connection
    /// is closed when this returns.
    private func answer(
        _ request: ChatRequest, at endpoint: ChatEndpoint, _ call: HandlerCall
    ) async throws(Failure) -> ChatAnswer {
        let (client, timeout) = (self.client, call.timeout ?? self.timeoutDefault)
        let lines = ToldLines(redaction: self.redaction) { call.report(.saying($0)) }
        let node = call.node.id
        let result = await withTaskGroup(of: Result<ChatAnswer, Failure>.self) { group in
            group.addTask {
                do throws(ChatError) {
                    let answer = try await client.ask(request, at: endpoint) { progress in
                        switch progress {
                        case .text(let text): lines.take(text)
                        case .again(let attempt, let max, let delay, let reason):
                            lines.drop()
                            let said = "\(delay.humanText): \(self.redaction.redact(reason))"
                            call.report(.note("try \(attempt) of \(max) to ask the model of \(node) in \(said)"))
                        }
                    }
                    lines.finish()
                    return .success(answer)
                } catch {
                    return .failure(.chat(error))
                }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .failure(Task.isCancelled ? .chat(.cancelled) : .timedOut(timeout))
            }
            let first = await group.next() ?? .failure(.timedOut(timeout))
            group.cancelAll()
            return first
        }
        return try result.get()
    }
}

// MARK: - Files

extension HandlerCall {
    /// Where prompt and answer are left for people; `nil` for nowhere.
    fileprivate var runFiles: AttemptFiles? {
        self.place.runDirectory.map {
            RunDirectory(in: $0, of: self.displayID).files(of: self.attempt, branch: self.branch)
        }
    }
}

extension AttemptFiles {
    /// A run does not need these files, so one that cannot be written is only told about.
    fileprivate func keep(
        _ text: String, as part: Part, _ report: @Sendable (HandlerReport) -> Void
    ) async {
        do throws(FileError) {
            try await onThreadOfItsOwn { () throws(FileError) in
                try self.prepare()
                try self.write(text, to: part)
            }
        } catch {
            report(.note("\(part.rawValue) was not kept: \(error.message)"))
        }
    }
}
