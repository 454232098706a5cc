import DurableFiles
import Simulator
import TestKit
import Testing
import Vocabulary

@testable import EventLog

private func foldedState(_ count: Int) -> JSONObject { ["count": .integer(Int64(count))] }

/// Writes to two logs, folds and rotates the first one twice, and goes on.
private func work(_ durability: Durability, on disk: FaultyFileSystem, told: (Note) -> Void = { _ in }) throws {
    var writer = try LogWriter.open(on: disk, durability)
    func append(_ note: Note) throws {
        guard writer.write([[note, (beta, note.text)]]).count == 1 else { throw LogFault(.closed) }
        told(note)
    }
    try append((alpha, "a1"))
    try append((alpha, "a2"))
    try writer.saveState(foldedState(2), of: alpha, at: 2)
    try append((alpha, "a3"))
    try writer.rotate(alpha, folding: foldedState(3), at: 3, now: someTime)
    try append((alpha, "a4"))
    try writer.saveState(foldedState(4), of: alpha, at: 5)
    try append((alpha, "a5"))
    try writer.rotate(alpha, folding: foldedState(5), at: 6, now: someTime)
    try append((alpha, "a6"))
    writer.close()
}

private let intended = (1...6).map { "a\($0)" }

@Suite(.timeLimit(.minutes(10))) struct `W-18: a log that is folded and rotated` {
    @Test(arguments: Durability.allCases)
    func `loses nothing to any crash`(durability: Durability) async throws {
        var promised: [String] = []
        try await CrashSweep(seeds: 0..<1, stride: sweepStride).run(
            work: { disk in
                promised = []
                try work(durability, on: disk) { promised.append($0.text) }
            },
            check: { disk, _, run in
                var writer = try LogWriter.open(on: disk, durability)
                try writer.uncover(alpha)
                let whole = try history(alpha, on: disk)
                let found = whole.records.map(text).filter { $0 != "log.checkpoint" }
                #expect(Array(intended.prefix(found.count)) == found, "\(durability), \(run)")
                #expect(found.count >= promised.count, "\(durability), \(run)")
                #expect(whole.records.map(\.sequence) == Array(1..<UInt64(whole.records.count + 1)), "\(run)")
                #expect(whole.damage.isEmpty, "\(durability), \(run): \(whole.damage)")
                // The state and what came after it are the whole.
                let recent = try history(alpha, on: disk, .recent)
                let after = recent.records.map(text).filter { $0 != "log.checkpoint" }
                let count = recent.state?["count"]?.integer ?? 0
                #expect(Array(intended.prefix(Int(count))) + after == found, "\(durability), \(run)")
                #expect(recent.last == whole.last, "\(run)")
                let answer = writer.write([[(alpha, "next")]])
                #expect(answer == [0: [whole.last + 1]], "\(durability), \(run)")
                try writer.saveState([:], of: alpha, at: whole.last + 1)
                let names = try disk.names(in: "/data/agents/\(alpha.folder)")
                #expect(!names.contains { $0.hasPrefix(".tmp-") }, "\(durability), \(run): \(names)")
            })
    }

    @Test func `keeps its old files, and is read from its state on`() throws {
        let disk = FaultyFileSystem()
        try work(.journal, on: disk)
        let names = try disk.names(in: "/data/agents/\(alpha.folder)")
        #expect(names == ["events.1.jsonl", "events.4.jsonl", "events.ckpt", "events.jsonl"])
        let recent = try history(alpha, on: disk, .recent)
        #expect(recent.state == foldedState(5) && recent.folded == 7)
        #expect(recent.records.map(text) == ["a6"] && recent.last == 8)
        #expect(try texts(alpha, on: disk) == intended)
    }

    @Test func `shows damage in what was folded to who reads all of it`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk)
        for text in ["a1", "a2", "a3"] { writer.write([[(alpha, text)]]) }
        try writer.saveState(foldedState(3), of: alpha, at: 3)
        writer.write([[(alpha, "a4")]])
        writer.close()
        let file = try disk.open("/data/agents/\(alpha.folder)/events.jsonl", OpenOptions(.readWrite))
        _ = try file.write([0x23][...], at: 20)
        try file.close()
        let recent = try history(alpha, on: disk, .recent)
        #expect(recent.damage.isEmpty && recent.state == foldedState(3) && recent.records.map(text) == ["a4"])
        let whole = try history(alpha, on: disk)
        #expect(whole.damage.map(\.missing) == [1..<2] && whole.records.map(text) == ["a2", "a3", "a4"])
        #expect(try !LogText.verify(LogFolder("/data"), on: disk).isSound)
    }

    @Test func `is not folded behind the back of a newer event`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk)
        writer.write([[(alpha, "a1")], [(alpha, "a2")]])
        #expect(code { () throws(LogFault) in try writer.saveState([:], of: alpha, at: 1) } == .movedOn)
        #expect(
            code { () throws(LogFault) in try writer.rotate(alpha, folding: [:], at: 1, now: someTime) } == .movedOn)
        #expect(code { () throws(LogFault) in try writer.saveState([:], of: alpha, at: 2) } == nil)
    }
}

@Suite(.timeLimit(.minutes(10))) struct `W-27: against a model that never reads the disk` {
    /// What the model knows of one log: events in order, and whether each was acknowledged.
    struct Known {
        var events: [(text: String, isPromised: Bool)] = []
    }

    @Test(arguments: Durability.allCases, 0..<40 as Range<UInt64>)
    func `logs keep what was promised and hold nothing that was not written`(
        durability: Durability, seed: UInt64
    ) throws {
        var dice = SplitMix64(seed: seed)
        let disk = FaultyFileSystem(seed: seed)
        var known: [LogID: Known] = [:]
        var count = 0
        for _ in 0..<6 {
            let fault = dice.pick([FaultyFileSystem.Fault.full, .io, .short(3)])
            let faults = [Int.random(in: 8...60, using: &dice): fault]
            let crash = dice.chance(0.7) ? Int.random(in: 1...160, using: &dice) : nil
            disk.restart(
                after: dice.pick(FaultyFileSystem.Damage.allCases), crashAt: crash,
                faults: dice.chance(0.4) ? faults : [:])
            try? self.live(on: disk, durability, &known, &count, &dice)
            disk.restart(after: dice.pick(FaultyFileSystem.Damage.allCases))
            try self.look(at: disk, durability, &known, "\(durability), seed \(seed)")
        }
    }

    private func live(
        on disk: FaultyFileSystem, _ durability: Durability, _ known: inout [LogID: Known], _ count: inout Int,
        _ dice: inout SplitMix64
    ) throws {
        var writer = try LogWriter.open(on: disk, durability)
        let logs = [alpha, beta, gamma]
        for _ in 0..<Int.random(in: 1...8, using: &dice) {
            let log = dice.pick(logs)
            switch Int.random(in: 0..<10, using: &dice) {
            case 0: try writer.emptyJournal()
            case 1:
                try writer.uncover(log)
                try writer.saveState([:], of: log, at: writer.shelf[log].next - 1)
            case 2:
                try writer.uncover(log)
                try writer.rotate(log, folding: [:], at: writer.shelf[log].next - 1, now: someTime)
            default:
                let group: [[Note]] = (0..<Int.random(in: 1...3, using: &dice)).map { _ in
                    (0..<Int.random(in: 1...3, using: &dice)).map { _ in
                        count += 1
                        return (dice.pick(logs), "\(count)")
                    }
                }
                let acknowledged = writer.write(group)
                for (place, batch) in group.enumerated() {
                    let isPromised = acknowledged[place] != nil
                    for note in batch { known[note.log, default: Known()].events.append((note.text, isPromised)) }
                }
            }
        }
    }

    private func look(
        at disk: FaultyFileSystem, _ durability: Durability, _ known: inout [LogID: Known], _ run: String
    ) throws {
        var writer = try LogWriter.open(on: disk, durability)
        for log in [alpha, beta, gamma] {
            try writer.uncover(log)
            let history = try history(log, on: disk)
            let found = history.records.map(text).filter { $0 != "log.checkpoint" }
            var rest = found[...]
            for event in known[log]?.events ?? [] {
                if rest.first == event.text {
                    rest = rest.dropFirst()
                } else {
                    #expect(!event.isPromised, "\(run): \(event.text) of \(log.short) was lost")
                }
            }
            #expect(rest.isEmpty, "\(run): \(rest) was never written so")
            #expect(history.damage.isEmpty, "\(run)")
            #expect(history.records.map(\.sequence) == Array(1..<UInt64(history.records.count + 1)), "\(run)")
            known[log] = Known(events: found.map { ($0, true) })
        }
        writer.close()
    }
}

@Suite struct `A log as people read it` {
    @Test func `is a line for each event, with what is wrong at the end`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk)
        writer.write([[(alpha, "one"), (alpha, "two\u{1B}[31m\u{9B}")], [(beta, "b")]])
        let waiting = try LogText.verify(LogFolder("/data"), on: disk)
        #expect(waiting.isSound && waiting.waiting == 3 && waiting.events == 3)
        writer.close()
        #expect(
            try LogText.dump(history(alpha, on: disk)) == """
                1 2026-02-26T22:00:00.123Z note {"text":"one"}
                2 2026-02-26T22:00:00.123Z note {"text":"two\\u001b[31m\\u009b"}

                """)
        #expect(try LogText.verify(LogFolder("/data"), on: disk).text == "2 logs, 3 events: sound\n")
        var damaged = try disk.read(path(alpha), limit: 1_000)
        damaged[30] ^= 1
        try put(damaged + Array("{\"ev".utf8), path(alpha), on: disk)
        let verdict = try LogText.verify(LogFolder("/data"), on: disk)
        let length = try bytes("one", 1).count
        #expect(!verdict.isSound)
        #expect(
            verdict.complaints == [
                "\(alpha.folder): events.jsonl, bytes 0..<\(length): its checksum is wrong, event 1 is missing"
            ])
        #expect(verdict.tails == ["\(alpha.folder): 4 bytes after the last event"])
        #expect(try LogText.dump(history(alpha, on: disk)).hasSuffix("its checksum is wrong, event 1 is missing\n"))
    }

    @Test func `is read before a start as it will be after it`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk)
        writer.write([[(alpha, "one")], [(alpha, "two"), (beta, "b")]])
        disk.restart(after: powerCut)
        let before = try [alpha, beta].map { try texts($0, on: disk) }
        #expect(before == [["one", "two"], ["b"]])
        _ = try LogWriter.open(on: disk)
        #expect(try [alpha, beta].map { try texts($0, on: disk) } == before)
    }
}
