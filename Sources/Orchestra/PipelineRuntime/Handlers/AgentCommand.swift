import DurableFiles
package import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// An agent outside: a program that reads a prompt on standard input and writes its answer on standard output.
///
/// Beside the environment of every attempt it gets `ORCHESTRA_MODEL`, `ORCHESTRA_PROVIDER`,
/// `ORCHESTRA_REASONING_EFFORT` and `ORCHESTRA_THREAD` (the conversation to go on with), each if there is one.
package struct AgentCommand: ModelBackEnd, Hashable {
    /// For the shell.
    package let command: String
    /// For a node that says nothing.
    package let timeoutDefault: Duration

    package init(_ command: String, timeoutDefault: Duration = .seconds(300)) {
        self.command = command
        self.timeoutDefault = timeoutDefault
    }

    package func ask(_ call: HandlerCall, conclude: @escaping @Sendable (String) -> Outcome) async -> Outcome {
        let prompt: String
        do throws(TemplateError) { prompt = try call.transcript() } catch { return call.failure(error) }
        call.report(.prompt(prompt))
        let work = AttemptWork(call)
        let timeout = call.timeout ?? self.timeoutDefault
        let environment = Self.environment(for: call)
        return await work.run(self.command, input: prompt, environment: environment, timeout: timeout) { report in
            if let failure = report.failure(within: timeout, redaction: work.redaction) {
                return .fail("the agent of node \(call.node.id) failed: \(failure)")
            }
            let text = report.output.text.trimmed
            try? await onThreadOfItsOwn { () throws(FileError) in try work.files.write(text, to: .response) }
            call.report(.response(text))
            call.report(.agent(Self.turn(of: call)))
            return conclude(text)
        }
    }

    private static func environment(for call: HandlerCall) -> [String: String] {
        let values = [
            "ORCHESTRA_MODEL": call.model, "ORCHESTRA_PROVIDER": call.provider,
            "ORCHESTRA_REASONING_EFFORT": call.node.reasoningEffort, "ORCHESTRA_THREAD": call.briefing.thread ?? "",
        ]
        return values.filter { !$0.value.isEmpty }
    }

    private static func turn(of call: HandlerCall) -> AgentTurn {
        let environment = self.environment(for: call)
        var turn = AgentTurn(number: 1, node: call.node.id.text)
        turn.model = environment["ORCHESTRA_MODEL"]
        turn.provider = environment["ORCHESTRA_PROVIDER"]
        return turn
    }
}
