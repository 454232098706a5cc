import AgentCore
import AgentRuntime
import Simulator
import TestKit
import Vocabulary

/// Runs a program on a real host and a disk that loses power, and holds what is there afterwards against the book.
struct Machine {
    private let program: MachineProgram
    private let book = MachineBook()
    private var disk: FaultyFileSystem
    private var host: AgentHost?
    /// Which life it is.
    private var life = 0
    private var end: Task<Void, Never>?
    private var dark = Door()
    private(set) var complaints: [String] = []

    init(_ program: MachineProgram) {
        self.program = program
        self.disk = FaultyFileSystem(seed: program.seed)
    }

    /// What is wrong after the program.
    static func complaints(after program: MachineProgram) async -> [String] {
        var machine = Machine(program)
        for step in program.steps where machine.complaints.isEmpty { await machine.take(step) }
        if machine.complaints.isEmpty { await machine.judge() }
        await machine.leave()
        return machine.complaints
    }

    private mutating func take(_ step: MachineStep) async {
        if case .restart(let damage, let crashAt) = step { return await self.restart(damage, crashAt) }
        guard let host else { return }
        await self.carryOut(step, on: host)
        if self.disk.hasCrashed { await self.leave() }
    }

    private func carryOut(_ step: MachineStep, on host: AgentHost) async {
        let book = self.book
        switch step {
        case .create(let agent, let parent):
            let above = parent.map { "a\($0)" }
            book.note { $0.parents["a\(agent)"] = above }
            let order = AgentOrder(name: "a\(agent)", parent: above, requestKey: "make a\(agent)")
            guard let made = try? await host.createAgent(order) else { return }
            book.note { $0.agents["a\(agent)"] = made.id }
        case .turn(let agent, let words):
            guard let id = try? await host.id("a\(agent)") else { return }
            let key = words.map(\.text).joined(separator: "; ")
            guard let answer = try? await host.send(id, "do \(key)", requestKey: key) else { return }
            book.note { page in
                page.answers["a\(agent)\n\(key)"] = answer
                // Children that a turn has promised are there once it has ended well.
                for case .spawn(let child) in words { page.promised["a\(child)"] = nil }
            }
        case .end(let agent, let isRecursive):
            guard let id = try? await host.id("a\(agent)") else { return }
            book.note { _ = $0.mayBeGone.insert("a\(agent)") }
            guard (try? await host.terminate(id, recursive: isRecursive)) != nil else { return }
            book.note { _ = $0.ended.insert("a\(agent)") }
        case .gate(let agent, let isGated):
            guard let id = try? await host.id("a\(agent)") else { return }
            try? await host.gate(id, isGated: isGated)
        case .takeMail: await Self.takeMail(host, book)
        case .settle: await host.waitUntilIdle()
        case .restart: break
        }
    }

    private static func takeMail(_ host: AgentHost, _ book: MachineBook) async {
        let mail = host.operatorInbox()
        book.note { page in
            for message in mail.flatMap({ $0.text.machineMessages }) {
                if page.acknowledged.contains(message) { page.wrong.append("message \(message) came twice") }
                page.taken.insert(message)
            }
        }
        guard let gone = try? await host.acknowledge(mail.map(\.id)) else { return }
        book.note { page in
            for entry in mail where gone.contains(entry.id) { page.acknowledged.formUnion(entry.text.machineMessages) }
        }
    }
}

// MARK: - Lives

extension Machine {
    /// Ends the host, if there is one. Nothing that it says from now on counts.
    private mutating func leave() async {
        self.book.note { $0.life += 1 }
        self.dark.open()
        await self.end?.value
        (self.host, self.end) = (nil, nil)
    }

    private mutating func restart(_ damage: Int?, _ crashAt: Int?) async {
        let all = FaultyFileSystem.Damage.allCases
        if damage == nil, let host { await host.stop() }
        self.book.note { $0.life += 1 }
        // The old host goes on for a moment, on a disk of its own.
        let next = self.disk.copy(seed: self.program.seed &+ UInt64(self.life))
        await self.leave()
        next.restart(after: all[(damage ?? self.life) % all.count], crashAt: crashAt)
        self.disk = next
        await self.start()
    }

    private mutating func start() async {
        let life = self.book.all.life
        self.life = life
        let (disk, book, dark) = (self.disk, self.book, Door())
        var provider = TalkProvider { try await Self.answer($0, $1, book, life) }
        provider.continuesTurns = self.program.continues
        do {
            let dice = SplitMix64(seed: self.program.seed &* 1_000 &+ UInt64(life))
            let host = try await AgentHost.on(disk, provider) { ($0.clock, $0.dice) = (clock(disk, dark), dice) }
            self.host = host
            self.dark = dark
            self.end = Task {
                await dark.pass()
                await host.stop(grace: .zero)
            }
        } catch {
            if !disk.hasCrashed { self.complaints.append("life \(life) does not begin: \(error)") }
        }
    }

    /// Comes to rest in a life without a crash, and compares.
    private mutating func judge() async {
        await self.restart(0, nil)
        guard let host else { return }
        let names = Dictionary(await host.agents().map { ($0.name, $0) }) { first, _ in first }
        for (_, agent) in names where agent.isGated { try? await host.gate(agent.id, isGated: false) }
        await host.waitUntilIdle()
        await Self.takeMail(host, self.book)
        let page = self.book.all
        self.complaints = page.complaints()
        let now = Dictionary(await host.agents().map { ($0.name, $0) }) { first, _ in first }
        for (name, id) in page.agents where !page.mayBeGone(name) && now[name]?.id != id {
            self.complaints.append("\(name) is gone")
        }
        for name in page.ended where now[name] != nil { self.complaints.append("\(name) is back") }
        for (name, agent) in now where agent.state != .idle { self.complaints.append("\(name) is not idle") }
        for (name, datum) in page.data {
            guard let id = now[name]?.id, let metadata = try? await host.inspect(id).metadata else { continue }
            let value = metadata["k"].flatMap { Int($0) }
            if value != datum.known, !datum.possible.contains(value ?? 0) {
                self.complaints.append("the datum of \(name) is \(value ?? 0) and not \(datum.known ?? 0)")
            }
        }
        for (key, answer) in page.answers {
            let parts = key.split(separator: "\n", maxSplits: 1).map(String.init)
            guard let agent = now[parts[0]] else { continue }
            let again = try? await host.send(agent.id, "?", requestKey: parts[1])
            if again != answer { self.complaints.append("another answer to \(key): \(again ?? "none")") }
        }
        await host.stop()
    }
}

// MARK: - Agents

extension Machine {
    /// What an agent does in a turn.
    private static func answer(
        _ opening: SessionOpening, _ turn: ProviderTurn, _ book: MachineBook, _ life: Int
    ) async throws -> String {
        book.note { $0.show(turn.prompt.machineMessages, to: opening.name) }
        guard turn.prompt.hasPrefix("do ") else { return "read" }
        var recorded = turn.recorded[...]
        for words in turn.prompt.dropFirst(3).split(separator: "; ") {
            let parts = words.split(separator: " ").map(String.init)
            if parts == ["fail"] { throw ProviderFailure("it was told to fail") }
            guard let call = MachineCall(parts, by: opening.name) else { continue }
            book.note { page in if page.life == life { page.ask(call) } }
            let outcome: ToolOutcome
            if let past = recorded.popFirst() {
                outcome = past.outcome
            } else {
                outcome = await turn.call(call.tool, .object(call.arguments))
            }
            guard case .result(let value) = outcome, value["error"] == nil else { continue }
            book.note { page in if page.life == life { page.acknowledge(call) } }
        }
        return "done \(turn.number)"
    }
}

/// A call of a tool that an agent of the machine makes.
struct MachineCall {
    let agent: String
    let verb: String
    let target: String
    let number: Int
    let tool: String
    let arguments: JSONObject

    init?(_ parts: [String], by agent: String) {
        guard let verb = parts.first else { return nil }
        self.agent = agent
        self.verb = verb
        self.target = parts.count > 1 ? parts[1] : ""
        self.number = parts.last.flatMap { Int($0) } ?? 0
        let text = JSONValue.string("<\(self.number)>")
        switch verb {
        case "say": (self.tool, self.arguments) = ("send_message", ["recipient": .string(self.target), "text": text])
        case "cast": (self.tool, self.arguments) = ("broadcast", ["text": text])
        case "spawn":
            (self.tool, self.arguments) = ("spawn_agent", ["name": .string(self.target), "instructions": "be"])
        case "note":
            let value = JSONValue.string("\(self.number)")
            self.tool = "set_agent_metadata"
            self.arguments = ["agent_name": .string(self.target), "key": "k", "value": value]
        case "complete": (self.tool, self.arguments) = ("complete", ["result": text])
        default: return nil
        }
    }
}

extension String {
    /// The numbers of the messages in a text.
    var machineMessages: [Int] { self.matches(of: /<(\d+)>/).compactMap { Int($0.1) } }
}
