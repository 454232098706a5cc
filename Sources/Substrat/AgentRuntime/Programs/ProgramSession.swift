import AgentCore
import AgentProtocols
import ProcessGuard
import Synchronization
import Vocabulary

/// The conversation of one agent that is somebody else's program: a process for each turn.
final class ProgramSession: ProviderSession {
    private let seat: ProgramSeat
    private let chat: String
    private let options: ProgramOptions
    private let state: Mutex<State>

    private struct State {
        /// The number of the first turn that ended well; `nil` as long as none has.
        var first: Int?
        var process: ScriptProcess?
        var isStopped = false
    }

    init(_ seat: ProgramSeat, chat: String, first: Int?, _ options: ProgramOptions) {
        self.seat = seat
        self.chat = chat
        self.options = options
        self.state = Mutex(State(first: first))
    }

    func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String {
        let (process, input) = try await self.start(turn)
        let result = await withTaskCancellationHandler {
            await self.talk(process, input, turn)
        } onCancel: {
            process.interrupt()
        }
        await self.bury()
        let text = try result.get()
        self.state.withLock { $0.first = $0.first ?? turn.number }
        return text
    }

    func stop() async {
        let process = self.state.withLock { state in
            state.isStopped = true
            return state.process
        }
        process?.interrupt()
        await self.bury()
    }

    /// Ends the process and all that it has started.
    private func bury() async {
        guard let process = self.state.withLock({ $0.process.take() }) else { return }
        await onThreadOfItsOwn { process.end(grace: .zero) }
    }

    private func start(_ turn: ProviderTurn) async throws(ProviderFailure) -> (ScriptProcess, [UInt8]) {
        let call = self.seat.program.call(self.question(turn))
        let seat = self.seat
        let start = try await onThreadOfItsOwn { () throws(ProviderFailure) in try seat.start(call.words) }
        let result = self.state.withLock { state -> Result<ScriptProcess, ProviderFailure> in
            if state.isStopped { return .failure(ProviderFailure("the session has ended")) }
            do throws(ProcessError) {
                let process = try ScriptProcess(start)
                state.process = process
                return .success(process)
            } catch {
                return .failure(ProviderFailure(error.message))
            }
        }
        return (try result.get(), Array(call.input.utf8))
    }

    private func question(_ turn: ProviderTurn) -> ProgramQuestion {
        let first = self.state.withLock { $0.first }
        return ProgramQuestion(
            conversation: self.conversation(begunBy: first ?? turn.number), isNew: first == nil,
            model: self.seat.opening.model, folder: self.seat.folder, settings: self.seat.settings,
            system: self.seat.system, prompt: turn.prompt)
    }

    /// What the program calls the conversation.
    ///
    /// Where it is not the program that gives the name, a first turn that came to nothing may have used one up: so each
    /// first turn has a name of its own, and the one that ends well is known by its number.
    private func conversation(begunBy first: Int) -> String {
        guard self.seat.program.dialect == .claude else { return self.chat }
        var bytes = Array(BLAKE3.hash(Array("\(self.chat)/\(first)".utf8)).bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let parts = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return parts.map { Hex.encode(Array($0)) }.joined(separator: "-")
    }

    /// Line by line to the end of the turn.
    private func talk(
        _ process: ScriptProcess, _ input: [UInt8], _ turn: ProviderTurn
    ) async -> Result<String, ProviderFailure> {
        let telling = Telling(turn.onChunk)
        var stream = AgentStream()
        do throws(ScriptFailure) {
            var input = input
            while !stream.hasResult, let line = try await self.next(process, after: input) {
                input = []
                let count = stream.messageCount
                telling.tell(stream.take(line) ?? "")
                if stream.messageCount > count { telling.beginAnother() }
            }
        } catch {
            return .failure(self.failure(error.message, stream.said))
        }
        return await self.end(of: process, stream)
    }

    private func next(_ process: ScriptProcess, after input: [UInt8]) async throws(ScriptFailure) -> [UInt8]? {
        let patience = self.options.patience
        return try await onThreadOfItsOwn { () throws(ScriptFailure) in
            try process.next(after: input, patience: patience)
        }
    }

    /// A program that has said its result and does not end is ended, and the result counts.
    private func end(of process: ScriptProcess, _ stream: AgentStream) async -> Result<String, ProviderFailure> {
        let grace = self.options.grace
        let code = await onThreadOfItsOwn { process.exitCode(after: grace) }
        return stream.end(code: code, complaint: process.complaints).mapError { failure in
            self.failure(failure.description, failure.partial)
        }
    }

    private func failure(_ reason: String, _ said: String) -> ProviderFailure {
        let text = "\(self.seat.program.path): \(reason)"
        return ProviderFailure(text.shownToPeople(scalarsMax: 2_000), partial: said.isEmpty ? nil : said)
    }
}
