import AgentCore
import AgentRuntime
import DurableFiles
import EventLog
import Foundation
import HashTreeCollections
import Simulator
import Synchronization
import TestKit
import Testing
import Vocabulary

/// Of how many crashes of a sweep one is tried: `CRASHLAB=long` tries them all.
private let sweepStride = ProcessInfo.processInfo.environment["CRASHLAB"] == "long" ? 1 : 23

/// What somebody was told, and must find again after a crash.
private final class Promises: Sendable {
    struct Page {
        var agents: [String: AgentID] = [:]
        /// Request key and answer.
        var answers: [String: String] = [:]
        /// Texts to the operator that an agent was told were sent, and that he has not taken.
        var mail: [String] = []
        var metadata: [String: String] = [:]
        var ended: Set<String> = []
        var endAsked: Set<String> = []
    }

    private let page = Mutex(Page())

    func note(_ change: (inout Page) -> Void) { self.page.withLock { change(&$0) } }
    var all: Page { self.page.withLock { $0 } }
}

/// The canonical story: a lead makes a worker and writes to it in one turn, the worker answers and ends.
private func troupe(_ promises: Promises, continues: Bool = false) -> TalkProvider {
    var provider = TalkProvider { opening, turn in
        if opening.name == "worker" {
            await turn.tool("complete", ["result": "42"])
            return "bye"
        }
        guard turn.prompt.contains("go") else { return "noted" }
        let text = "started \(turn.number)"
        let sent = await turn.tool("send_message", ["recipient": "USER", "text": .string(text)])
        if sent["error"] == nil { promises.note { $0.mail.append(text) } }
        await turn.tool("spawn_agent", ["name": "worker", "instructions": "count"])
        await turn.tool("send_message", ["recipient": "worker", "text": "begin"])
        return "started"
    }
    provider.continuesTurns = continues
    return provider
}

/// Tells the story until it ends or the power goes.
private func tell(_ disk: FaultyFileSystem, _ promises: Promises, _ provider: TalkProvider) async {
    let dark = Door()
    guard let host = try? await AgentHost.on(disk, provider, { $0.clock = clock(disk, dark) }) else { return }
    let end = Task {
        await dark.pass()
        await host.stop(grace: .zero)
    }
    await tell(host, promises)
    dark.open()
    await end.value
}

/// Opens `dark` when the host waits for a disk that has lost power: the process would be gone by then.
func clock(_ disk: FaultyFileSystem, _ dark: Door) -> HostClock {
    HostClock(
        now: HostClock.system.now,
        sleepUntil: { moment in
            if disk.hasCrashed { dark.open() }
            await HostClock.system.sleepUntil(moment)
        })
}

private func tell(_ host: AgentHost, _ promises: Promises) async {
    for name in ["lead", "other"] {
        guard let made = try? await host.createAgent(AgentOrder(name: name, requestKey: "make-\(name)")) else {
            continue
        }
        promises.note { $0.agents[name] = made.id }
    }
    let known = promises.all.agents
    if let lead = known["lead"] {
        if let answer = try? await host.send(lead, "go", requestKey: "k1") {
            promises.note { $0.answers["k1"] = answer }
        }
        await host.waitUntilIdle()
        if let answer = try? await host.send(lead, "well?", requestKey: "k2") {
            promises.note { $0.answers["k2"] = answer }
        }
    }
    if let other = known["other"] {
        promises.note { _ = $0.endAsked.insert("other") }
        if (try? await host.terminate(other, recursive: true)) != nil {
            promises.note { _ = $0.ended.insert("other") }
        }
    }
}

/// Starts on what the crash has left, lets everybody finish, and compares with what was promised.
private func check(
    _ disk: FaultyFileSystem, _ promises: Promises.Page, _ run: String, continues: Bool = false
) async throws {
    let later = Promises()
    let host = try await AgentHost.on(disk, troupe(later, continues: continues))
    await host.waitUntilIdle()
    let names = Dictionary(uniqueKeysWithValues: await host.agents().map { ($0.name, $0.id) })
    for (name, id) in promises.agents where !promises.endAsked.contains(name) {
        #expect(names[name] == id, "\(run): \(name) is gone")
    }
    for name in promises.ended { #expect(names[name] == nil, "\(run): \(name) is back") }
    if let lead = promises.agents["lead"] {
        for (key, answer) in promises.answers {
            let again = try await host.send(lead, "?", requestKey: key)
            #expect(again == answer, "\(run): another answer to \(key)")
        }
    }
    let mail = try await host.takeOperatorInbox().filter { $0.kind == .request }.map(\.text)
    for text in promises.mail { #expect(mail.contains(text), "\(run): \(text) is lost") }
    #expect(Set(mail).count == mail.count, "\(run): mail came twice: \(mail)")
    if promises.answers["k1"] != nil {
        #expect(names["worker"] == nil, "\(run): the worker has not come to its end")
    }
    #expect(await host.agents().allSatisfy { $0.state == .idle }, "\(run): somebody is not idle")
    await host.stop()
    try await checkAgain(disk, run)
}

/// A start after a calm stop has nothing to do and writes nothing (I20), and what it finds is sound.
func checkAgain(_ disk: FaultyFileSystem, _ run: String) async throws {
    let host = try await AgentHost.on(disk, troupe(Promises()))
    #expect(host.recovery.recorded == 0, "\(run): \(host.recovery.recorded) records by a start after a calm stop")
    #expect(host.recovery.quarantined.isEmpty && host.recovery.strange.isEmpty, "\(run)")
    await host.stop()
    let folder = LogFolder("/data")
    var logs: [AgentCore.LogName: [Entry]] = [:]
    for log in try folder.logs(on: disk) {
        let name: AgentCore.LogName = log == .user ? .user : .session(SessionID(high: log.high, low: log.low))
        logs[name] = try LogHistory.read(log, .whole, in: folder, on: disk).records.map { record in
            let data = record.event.data.map(JSONValue.object)
            return Entry(
                at: record.time ?? Timestamp(milliseconds: 0), AgentEvent(kind: record.event.name, data: data))
        }
    }
    let wrong = LogAudit.violations(of: logs, isRecovered: true)
    #expect(wrong.isEmpty, "\(run): \(wrong)")
    try await checkFold(disk, troupe(Promises()), run)
}

@Suite(.timeLimit(.minutes(10))) struct `After a crash at any step` {
    @Test(arguments: [false, true])
    func `what was promised is there, once, and all go on`(continues: Bool) async throws {
        let calm = FaultyFileSystem()
        await tell(calm, Promises(), troupe(Promises(), continues: continues))
        let last = 2 * calm.operations
        #expect(last > 40)
        var dice = SplitMix64(seed: 3)
        for point in stride(from: continues ? 2 : 1, through: last, by: sweepStride) {
            let disk = FaultyFileSystem(crashAt: point)
            let promises = Promises()
            await tell(disk, promises, troupe(promises, continues: continues))
            let damage = dice.pick(FaultyFileSystem.Damage.allCases)
            disk.restart(after: damage)
            try await check(disk, promises.all, "crash point \(point), \(damage)", continues: continues)
        }
    }

    @Test func `a crash in the recovery loses nothing either`() async throws {
        var dice = SplitMix64(seed: 4)
        let calm = FaultyFileSystem()
        await tell(calm, Promises(), troupe(Promises()))
        for point in stride(from: 5, through: 2 * calm.operations, by: 2 * sweepStride) {
            let disk = FaultyFileSystem(crashAt: point)
            let promises = Promises()
            await tell(disk, promises, troupe(promises))
            let second = Int.random(in: 1...24, using: &dice)
            disk.restart(after: dice.pick(FaultyFileSystem.Damage.allCases), crashAt: second)
            await tell(disk, promises, troupe(promises))
            disk.restart(after: dice.pick(FaultyFileSystem.Damage.allCases))
            try await check(disk, promises.all, "crash points \(point) and \(second)")
        }
    }

    @Test func `a full disk refuses, and what comes after it is done (W-12)`() async throws {
        for fault in stride(from: 3, through: 60, by: sweepStride) {
            let disk = FaultyFileSystem(faults: [fault: .full])
            let promises = Promises()
            await tell(disk, promises, troupe(promises))
            let host: AgentHost
            do { host = try await AgentHost.on(disk, troupe(Promises())) } catch { continue }
            await host.stop()
            try await check(disk, promises.all, "operation \(fault) met a full disk")
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct `After the host was cut off in a turn` {
    private static func cutOff(_ name: String, _ prompt: String, times: Int) async throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        for time in 0..<times {
            let (inside, stopped) = (Door(), Door())
            var slow = TalkProvider { _, _ in
                inside.open()
                await stopped.pass()
                throw ProviderFailure("the end")
            }
            slow.onStop = { stopped.open() }
            let host = try await AgentHost.on(disk, slow)
            if time == 0 {
                let agent = try await host.createAgent(AgentOrder(name: name)).id
                Task { try? await host.send(agent, prompt, requestKey: "k") }
            }
            await inside.pass()
            // Its provider answers only when it is stopped, which is after the grace.
            await host.stop(grace: .zero)
        }
        return disk
    }

    @Test func `its root hears what was cut off (3.1)`() async throws {
        let disk = try await Self.cutOff("a", "count the stars", times: 1)
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(disk, plain)
        #expect(host.recovery.interruptedTurns == 1)
        await host.waitUntilIdle()
        let prompt = try #require(plain.book.prompts(of: "a").first)
        #expect(prompt.contains("restarted") && prompt.contains("count the stars"))
        await host.stop()
    }

    @Test func `nobody goes on when none is to`() async throws {
        let disk = try await Self.cutOff("a", "x", times: 1)
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(disk, plain) { $0.limits.resume = .none }
        await host.waitUntilIdle()
        #expect(plain.book.prompts.isEmpty)
        let agent = try await host.id("a")
        await #expect { try await host.send(agent, "x", requestKey: "k") } throws: {
            ($0 as? HostError)?.code == .invalid && "\($0)".contains("interrupted")
        }
        await host.stop()
    }

    @Test func `a turn that takes the host down again and again is held, and the operator hears of it`() async throws {
        let disk = try await Self.cutOff("a", "poison", times: 3)
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(disk, plain)
        await host.waitUntilIdle()
        #expect(plain.book.prompts.isEmpty)
        #expect(await host.agents().map(\.isGated) == [true])
        let mail = try await host.takeOperatorInbox()
        #expect(mail.count == 1 && mail[0].kind == .error && mail[0].text.contains("died 3 times"))
        await host.stop()
    }
}

@Suite(.timeLimit(.minutes(2))) struct `W-04: one log that is damaged` {
    @Test func `keeps nobody from starting, and its agent is held apart`() async throws {
        let disk = FaultyFileSystem()
        let plain = TalkProvider { _, _ in "ok" }
        // Of what was folded, damage is found by whoever reads it, and not by a start.
        var host = try await AgentHost.on(disk, plain) { ($0.foldAfter, $0.foldAtStop) = (1_000, 1_000) }
        let bad = try await host.createAgent(AgentOrder(name: "bad"))
        let good = try await host.createAgent(AgentOrder(name: "good")).id
        for _ in 0..<3 { _ = try await host.send(bad.id, "x") }
        await host.stop()
        let path = "/data/agents/\(bad.session.hex)/events.jsonl"
        let file = try disk.open(path, OpenOptions(.readWrite))
        let size = try file.status().size
        _ = try file.write([0x23, 0x23, 0x23][...], at: size / 2)
        try file.sync()
        try file.close()
        host = try await AgentHost.on(disk, plain)
        #expect(host.recovery.quarantined.keys.map(\.hex) == [bad.session.hex])
        #expect(try await host.send(good, "still there?") == "ok")
        await #expect { try await host.send(bad.id, "x") } throws: { "\($0)".contains("quarantined") }
        await host.stop()
        // What cannot be read is not folded: the next start finds the damage as well.
        host = try await AgentHost.on(disk, plain)
        #expect(host.recovery.quarantined.keys.map(\.hex) == [bad.session.hex])
        await host.stop()
    }
}
