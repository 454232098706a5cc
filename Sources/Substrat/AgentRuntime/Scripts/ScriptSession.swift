import AgentCore
import AgentProtocols
import ProcessGuard
import Synchronization
import Vocabulary

/// The process of one scripted agent: started with its first turn, told of the turns before it, ended by `stop`.
final class ScriptSession: ProviderSession {
    private let path: String
    /// How its process is started now. Blocks.
    private let start: Start
    private let options: ScriptOptions
    private let state: Mutex<State>

    typealias Start = @Sendable () throws(ProviderFailure) -> ProcessStart

    private struct State {
        /// What a new process is to be told.
        var past = ScriptPast()
        var process: ScriptProcess?
        var isStopped = false
    }

    init(_ path: String, _ history: [PastTurn], _ options: ScriptOptions, start: @escaping Start) {
        self.path = path
        self.start = start
        self.options = options
        var state = State()
        for turn in history { state.past.finish(ScriptTurn(turn)) }
        self.state = Mutex(state)
    }

    func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String {
        await self.bury()
        var result = try await self.attempt(turn)
        if case .failure(let failure) = result, failure.isUnheard {
            // It had ended after the turn before, and nobody knew yet.
            await self.bury()
            result = try await self.attempt(turn)
        }
        let ended: ScriptTurn
        do throws(ScriptFailure) {
            ended = try result.get()
        } catch {
            throw ProviderFailure("\(self.path): \(error.message)")
        }
        self.state.withLock { $0.past.finish(ended) }
        turn.onChunk(ended.response)
        return ended.response
    }

    private func attempt(_ turn: ProviderTurn) async throws(ProviderFailure) -> Result<ScriptTurn, ScriptFailure> {
        let (process, past) = try await self.running()
        return await withTaskCancellationHandler {
            await self.talk(past, process, turn)
        } onCancel: {
            process.interrupt()
        }
    }

    func stop() async {
        let process = self.state.withLock { state in
            state.isStopped = true
            return state.process.take()
        }
        guard let process else { return }
        process.interrupt()
        let grace = self.options.grace
        await onThreadOfItsOwn { process.end(grace: grace) }
    }

    /// A program may end after each turn, and is then started anew for the next one.
    private func bury() async {
        let dead = self.state.withLock { state in
            state.process?.hasEnded == true ? state.process.take() : nil
        }
        if let dead { await onThreadOfItsOwn { dead.end(grace: .zero) } }
    }

    /// The process, and what it must be told first if it is a new one.
    private func running() async throws(ProviderFailure) -> (ScriptProcess, ScriptPast?) {
        if let process = self.state.withLock({ $0.process }) { return (process, nil) }
        let (prepare, path) = (self.start, self.path)
        let start = try await onThreadOfItsOwn { () throws(ProviderFailure) in try prepare() }
        let result = self.state.withLock { state -> Result<(ScriptProcess, ScriptPast?), ProviderFailure> in
            if state.isStopped { return .failure(ProviderFailure("the session has ended")) }
            if let process = state.process { return .success((process, nil)) }
            do throws(ProcessError) {
                let process = try ScriptProcess(start)
                state.process = process
                return .success((process, state.past))
            } catch {
                return .failure(ProviderFailure("\(path) cannot be started: \(error.message)"))
            }
        }
        return try result.get()
    }

    /// Line by line to the end of the turn.
    private func talk(
        _ past: ScriptPast?, _ process: ScriptProcess, _ turn: ProviderTurn
    ) async -> Result<ScriptTurn, ScriptFailure> {
        var exchange = ScriptExchange(message: turn.prompt, recorded: turn.recorded.map { ScriptCall($0) })
        var told: JSONValue? = exchange.opening(past: past)
        // Whether it may be an old program that nobody knew to be gone.
        var isOpening = past == nil
        do throws(ScriptFailure) {
            while true {
                let line = try await self.next(process, after: told)
                (told, isOpening) = (nil, false)
                switch exchange.take(line) {
                case .write(let answer): told = answer
                case .carryOut(let tool, let arguments):
                    told = exchange.answered(ScriptCall.Outcome(await turn.call(tool, arguments)))
                case .warn(let text): process.note(text)
                case .keep: process.note("its checkpoint is passed over: it is told of all its turns")
                case .finished(let ended): return .success(ended)
                case .failed(let why): throw ScriptFailure(why)
                case .diverged(let why): throw ScriptFailure("the turn cannot go on after a crash: \(why)")
                }
            }
        } catch {
            return .failure(
                ScriptFailure(error.message + process.complaint, isUnheard: error.isUnheard && isOpening))
        }
    }

    /// Tells the program something, if there is something to tell, and waits for its next line.
    private func next(
        _ process: ScriptProcess, after told: JSONValue?
    ) async throws(ScriptFailure) -> ScriptLine {
        let patience = self.options.patience
        let bytes = told.map { Array($0.text.utf8) + [UInt8(ascii: "\n")] } ?? []
        let line = try await onThreadOfItsOwn { () throws(ScriptFailure) in
            try process.exchange(bytes, patience: patience)
        }
        do throws(ScriptLineError) {
            return try ScriptLine(parsing: line)
        } catch {
            throw ScriptFailure(error.description)
        }
    }
}

/// Why a script's turn did not end well.
struct ScriptFailure: Error, Hashable, Sendable {
    let message: String
    /// The program had ended well, and without a word about what it was told.
    let isUnheard: Bool

    init(_ message: String, isUnheard: Bool = false) {
        self.message = message
        self.isUnheard = isUnheard
    }
}

extension ScriptTurn {
    init(_ turn: PastTurn) {
        self.init(message: turn.prompt, calls: turn.calls.map { ScriptCall($0) }, response: turn.response)
    }
}

extension ScriptCall {
    init(_ call: PastCall) {
        self.init(tool: call.tool, arguments: call.arguments, outcome: Outcome(call.outcome))
    }
}

extension ScriptCall.Outcome {
    init(_ outcome: ToolOutcome) {
        switch outcome {
        case .result(let value): self = .result(value)
        case .error(let text): self = .error(text)
        }
    }
}
