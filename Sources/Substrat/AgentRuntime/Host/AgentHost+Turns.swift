package import AgentCore
import HashTreeCollections
import Synchronization
import Vocabulary

extension AgentHost {
    /// Says something to an agent and returns its answer, which is on record by then.
    ///
    /// When the task is cancelled, the turn fails. With a `requestKey` a repeat is the same request: it gets the answer
    /// that is stored, or that of the turn that is under way.
    package func send(
        _ agent: AgentID, _ message: String, requestKey: String? = nil,
        onChunk: (@Sendable (String) -> Void)? = nil
    ) async throws(HostError) -> String {
        if let requestKey, let known = try await self.answer(to: requestKey, of: agent) { return known }
        _ = try self.place(of: agent)
        try self.enter(agent)
        let result = await self.turn(of: agent, .user(prompt: message, key: requestKey), onChunk ?? { _ in })
        self.leave(agent)
        return try result.get()
    }

    /// Marks the agent's turn as under way; one at a time is.
    func enter(_ agent: AgentID) throws(HostError) {
        let error = self.floor.withLock { floor -> HostError? in
            guard floor.phase == .open else { return .stopping }
            guard !floor.forming.contains(agent) else { return HostError(.notReady(agent)) }
            guard floor.active.insert(agent).inserted else { return HostError(.busy(agent)) }
            return nil
        }
        if let error { throw error }
    }

    /// What a turn with this key came to; waits for one that is under way. `nil` when there was none.
    private func answer(to key: String, of agent: AgentID) async throws(HostError) -> String? {
        while let outcome = self.tree.ledger(of: agent)?.requests.first(where: { $0.key == key })?.outcome {
            switch outcome {
            case .completed(let response): return response
            case .failed(let error): throw HostError(.invalid, "the turn failed: \(error)")
            case .running: try await self.waitForEnd(of: agent)
            case .interrupted:
                guard self.isExpected(agent) else {
                    let interrupted = self.tree.ledger(of: agent)?.interrupted
                    if interrupted?.continues == true, interrupted?.start.requestKey == key {
                        throw HostError(.mustGoOn(agent))
                    }
                    throw HostError(
                        .invalid, "the turn was interrupted by a restart and is not gone on with",
                        hint: "send it again with another key")
                }
                try await self.waitForEnd(of: agent)
            }
        }
        return nil
    }

    /// Whether the agent goes on with an interrupted turn by itself.
    private func isExpected(_ agent: AgentID) -> Bool {
        let isActive = self.floor.withLock { $0.active.contains(agent) }
        return isActive || self.tree.verdict(on: agent) == .start(.resume)
    }

    /// Waits until the turn that is under way, or about to be, has ended.
    private func waitForEnd(of agent: AgentID) async throws(HostError) {
        try self.checkOpen()
        await Task.yield()
        await withCheckedContinuation { continuation in
            let isOver = self.floor.withLock { floor in
                // A turn that is over, or has not begun yet: the caller looks again.
                guard floor.phase == .open, floor.active.contains(agent) else { return true }
                floor.endings[agent, default: []].append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}

extension AgentHost {
    /// A turn that has begun.
    private struct Begun: Sendable {
        let number: Int
        let prompt: String
        let recorded: [PastCall]
    }

    /// One whole turn of an agent that is marked as active: a slot, the beginning, the answer, the end.
    func turn(
        of agent: AgentID, _ request: TurnRequest, _ onChunk: @escaping @Sendable (String) -> Void
    ) async -> Result<String, HostError> {
        do throws(HostError) {
            let place = try self.place(of: agent)
            let (seat, hasWaited) = await self.seat(place)
            switch seat {
            case .live(let session):
                return .success(try await self.turn(place, request, on: session, hasWaited, onChunk))
            case .failed(let failure): throw try await self.failed(place, request, hasWaited, failure)
            case .gaveUp: throw HostError(.busy, "no slot came free in time", hint: "ask again later")
            case .refused(let why): throw HostError(.busy, why)
            case .closed: throw .stopping
            }
        } catch {
            return .failure(error)
        }
    }

    private func turn(
        _ place: Place, _ request: TurnRequest, on session: any ProviderSession, _ hasWaited: Bool,
        _ onChunk: @escaping @Sendable (String) -> Void
    ) async throws(HostError) -> String {
        let begun: Begun
        do throws(HostError) {
            begun = try await self.begin(place, request, hasWaited)
        } catch {
            self.release(place)
            throw error
        }
        do throws(ProviderFailure) {
            let response = try await session.send(self.asked(begun, of: place, onChunk))
            return try await self.complete(begun, of: place, response, session.conversationHash)
        } catch {
            await self.close(place.session)
            throw try await self.fail(begun, of: place, error)
        }
    }

    private func begin(
        _ place: Place, _ request: TurnRequest, _ hasWaited: Bool
    ) async throws(HostError) -> Begun {
        let answer = try await self.desk.perform(.startTurn(place.agent, request, hasWaited: hasWaited))
        let turn = self.tree.ledger(of: place.agent)?.turn
        return Begun(
            number: Int(answer["turn_id"]?.integer ?? 0), prompt: answer["prompt"]?.string ?? "",
            recorded: turn?.calls.map { PastCall($0) } ?? [])
    }

    private func asked(
        _ begun: Begun, of place: Place, _ onChunk: @escaping @Sendable (String) -> Void
    ) -> ProviderTurn {
        ProviderTurn(
            number: begun.number, prompt: begun.prompt, recorded: begun.recorded,
            perform: { call in await self.call(place.agent, call) }, onChunk: onChunk)
    }

    /// A call from within a turn. Also one that nobody knows is an answer, and no end of the turn.
    private func call(_ agent: AgentID, _ call: ToolCall) async -> ToolOutcome {
        do throws(HostError) {
            let answer = try await self.carryOut(call, of: agent) { (command) throws(HostError) in
                try await self.insist(command)
            }
            return answer["error"]?.string.map(ToolOutcome.error) ?? .result(answer)
        } catch {
            return .error(error.message)
        }
    }

    /// The turn ended well. An answer that cannot be recorded was not given.
    private func complete(
        _ begun: Begun, of place: Place, _ response: String, _ conv: String?
    ) async throws(ProviderFailure) -> String {
        do throws(HostError) {
            try await self.insist(.completeTurn(place.agent, turn: begun.number, response: response, conv: conv))
        } catch {
            throw ProviderFailure("the answer cannot be recorded: \(error.message)")
        }
        self.release(place)
        return response
    }

    /// The turn failed. Says so, in the log and as the error that is thrown.
    private func fail(
        _ begun: Begun, of place: Place, _ failure: ProviderFailure
    ) async throws(HostError) -> HostError {
        guard self.floor.withLock({ $0.phase < .closed }) else { return .stopping }
        let command = AgentCommand.failTurn(
            place.agent, turn: begun.number, error: failure.message, partial: failure.partial)
        try await self.insist(command)
        return HostError(.internal, "the turn failed: \(failure.message)")
    }

    /// The provider could not make the session live: a turn that fails before anybody has heard its prompt.
    private func failed(
        _ place: Place, _ request: TurnRequest, _ hasWaited: Bool, _ failure: ProviderFailure
    ) async throws(HostError) -> HostError {
        let begun = try await self.begin(place, request, hasWaited)
        return try await self.fail(begun, of: place, failure)
    }

    /// Carries out a command that follows from what has happened, however long the disk has no room for it.
    @discardableResult
    func insist(_ command: AgentCommand) async throws(HostError) -> JSONValue {
        var pause = Duration.milliseconds(50)
        while true {
            do throws(HostError) {
                return try await self.desk.perform(command)
            } catch {
                guard error.isPassing, self.floor.withLock({ $0.phase < .closed }) else { throw error }
            }
            // In a task of its own: that of the caller may be cancelled, and would not sleep.
            await Task { [pause] in await self.options.clock.sleep(for: pause) }.value
            pause = min(pause * 2, .seconds(1))
        }
    }
}

extension PastCall {
    init(_ call: OpenTurn.Call) {
        self.init(tool: call.call.tool, arguments: call.call.arguments, outcome: call.outcome)
    }
}
