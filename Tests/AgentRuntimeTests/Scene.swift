import AgentCore
import AgentRuntime
import DurableFiles
import EventLog
import Foundation
import Simulator
import Synchronization
import TestKit
import Testing
import Vocabulary

/// A provider in this process: what its agents answer is a function of the test.
struct TalkProvider: AgentProvider {
    typealias Answer = @Sendable (SessionOpening, ProviderTurn) async throws -> String

    var name = "talk"
    var continuesTurns = false
    var onStop: @Sendable () -> Void = {}
    let book = TalkBook()
    let answer: Answer

    func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue {
        if opening.model == "none" { throw ProviderFailure("no such model") }
        return ["chat": .string(opening.name)]
    }

    func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession {
        self.book.note { $0.resumed.append((opening.name, history)) }
        if opening.model == "dead" { throw ProviderFailure("the model is gone") }
        return TalkSession(opening: opening, provider: self)
    }
}

private struct TalkSession: ProviderSession {
    let opening: SessionOpening
    let provider: TalkProvider

    func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String {
        self.provider.book.note { book in
            book.prompts.append((self.opening.name, turn.prompt))
            book.live += 1
            book.liveMax = max(book.liveMax, book.live)
        }
        defer { self.provider.book.note { $0.live -= 1 } }
        do {
            return try await self.provider.answer(self.opening, turn)
        } catch {
            throw error as? ProviderFailure ?? ProviderFailure("\(error)")
        }
    }

    func stop() async {
        self.provider.book.note { $0.stopped.append(self.opening.name) }
        self.provider.onStop()
    }
}

/// What a provider was asked.
final class TalkBook: Sendable {
    struct Page {
        var prompts: [(name: String, text: String)] = []
        var resumed: [(name: String, history: [PastTurn])] = []
        var stopped: [String] = []
        var live = 0
        var liveMax = 0
    }

    private let page = Mutex(Page())

    func note(_ change: (inout Page) -> Void) { self.page.withLock { change(&$0) } }
    var prompts: [(name: String, text: String)] { self.page.withLock { $0.prompts } }
    var resumed: [(name: String, history: [PastTurn])] { self.page.withLock { $0.resumed } }
    var stopped: [String] { self.page.withLock { $0.stopped } }
    var liveMax: Int { self.page.withLock { $0.liveMax } }

    func prompts(of name: String) -> [String] { self.prompts.filter { $0.name == name }.map(\.text) }
}

/// Opens once; who waits before that waits, who comes later does not.
final class Door: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = self.state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// A clock that a test winds.
final class TestClock: Sendable {
    private struct State {
        var now = Timestamp(milliseconds: 1_700_000_000_000)
        var count = 0
        var sleepers: [Int: (due: Timestamp, wake: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    var now: Timestamp { self.state.withLock { $0.now } }

    var hostClock: HostClock {
        HostClock(now: { self.now }, sleepUntil: { await self.sleep(until: $0) })
    }

    private func sleep(until due: Timestamp) async {
        let id = self.state.withLock { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    if state.now >= due { return true }
                    state.sleepers[id] = (due, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.wake.resume()
        }
    }

    func wind(_ duration: Duration) {
        let due = self.state.withLock { state in
            state.now = state.now + duration
            let due = state.sleepers.filter { $0.value.due <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due
        }
        for sleeper in due.values { sleeper.wake.resume() }
    }
}

func options(_ disk: FaultyFileSystem, _ change: (inout HostOptions) -> Void = { _ in }) -> HostOptions {
    var options = HostOptions()
    options.files = disk
    options.defaultProvider = "talk"
    options.dice = SplitMix64(seed: 1)
    // Logs are folded all the time: whoever sweeps a disk sweeps that too.
    options.foldAfter = 3
    options.foldAtStop = 1
    change(&options)
    return options
}

extension AgentHost {
    static func on(
        _ disk: FaultyFileSystem, _ provider: TalkProvider, _ change: (inout HostOptions) -> Void = { _ in }
    ) async throws -> AgentHost {
        try await AgentHost.open("/data", options(disk, change), providers: [provider])
    }

    /// One with an agent `a` that has a turn until the door is opened, and answers `done` then.
    static func busy() async throws -> (goOn: Door, turn: Task<String, any Error>, host: AgentHost) {
        let (inside, goOn) = (Door(), Door())
        let slow = TalkProvider { _, _ in
            inside.open()
            await goOn.pass()
            return "done"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), slow)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        let turn = Task { try await host.send(agent, "one") }
        await inside.pass()
        return (goOn, turn, host)
    }

    func id(_ reference: String) async throws -> AgentID { try await self.resolve(reference) }

    /// The kinds of events of an agent's log, in order.
    func kinds(_ agent: AgentID) async throws -> [String] {
        try await self.events(of: agent).compactMap { $0["event"]?.string }
    }
}

extension ProviderTurn {
    @discardableResult
    func tool(_ name: String, _ arguments: JSONObject) async -> JSONValue {
        switch await self.call(name, .object(arguments)) {
        case .result(let value): value
        case .error(let text): ["error": .string(text)]
        }
    }
}

let powerCut = FaultyFileSystem.Damage(bytes: .dropped, names: .dropped)

final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        self.count.withLock { count in
            count += 1
            return count
        }
    }
}
