import DurableFiles
import Simulator
import TestKit
import Testing
import Vocabulary

@testable import EventLog

/// What a crash sweep writes: groups of batches, as they come to the writer.
private let script: [[[Note]]] = [
    [[(alpha, "a1")]],
    [[(alpha, "a2"), (beta, "b1"), (alpha, "a3")], [(beta, "b2")]],
    [[(gamma, "c1"), (beta, "b3"), (alpha, "a4")], [(alpha, "a5")]],
]

/// The texts of one log, in the order of the script.
private func intended(_ log: LogID) -> [String] {
    script.flatMap { $0 }.flatMap { $0 }.filter { $0.log == log }.map(\.text)
}

/// Writes the script; throws when not all was acknowledged, and tells what was.
private func write(
    _ groups: [[[Note]]], _ durability: Durability, on disk: FaultyFileSystem, told: ([Note]) -> Void = { _ in }
) throws {
    var writer = try LogWriter.open(on: disk, durability)
    var missed = 0
    for group in groups {
        let acknowledged = writer.write(group) { told(group[$0]) }
        missed += group.count - acknowledged.count
    }
    writer.close()
    if missed > 0 { throw LogFault(.closed) }
}

/// What must be true of a disk after any crash.
private func check(
    _ disk: FaultyFileSystem, _ durability: Durability, has promised: [Note], _ run: String
) throws {
    var writer = try LogWriter.open(on: disk, durability)
    for log in try writer.shelf.folder.logs(on: disk) { try writer.uncover(log) }
    writer.close()
    let found = Dictionary(uniqueKeysWithValues: try [alpha, beta, gamma].map { ($0, try history($0, on: disk)) })
    for (log, history) in found {
        let texts = history.records.map(text)
        #expect(Array(intended(log).prefix(texts.count)) == texts, "\(run): not a first part of \(log.folder)")
        #expect(history.damage.isEmpty && history.torn == 0, "\(run): \(history.damage)")
        #expect(history.records.map(\.sequence) == Array(1..<UInt64(texts.count + 1)), "\(run)")
        let missing = promised.filter { $0.log == log && !texts.contains($0.text) }
        #expect(missing.isEmpty, "\(run): \(missing.map(\.text)) acknowledged and lost")
    }
    guard durability == .journal else { return }
    for batch in script.flatMap({ $0 }) {
        let there = batch.count { note in found[note.log]!.records.contains { text($0) == note.text } }
        #expect(there == 0 || there == batch.count, "\(run): a part of \(batch.map(\.text))")
    }
}

/// Goes on after a recovery, loses power, and looks again.
private func goOn(_ disk: FaultyFileSystem, _ durability: Durability, _ run: String) throws {
    var writer = try LogWriter.open(on: disk, durability)
    let before = try texts(alpha, on: disk)
    let acknowledged = writer.write([[(alpha, "after"), (beta, "after")]])
    #expect(acknowledged.count == 1, "\(run)")
    disk.restart(after: powerCut)
    _ = try LogWriter.open(on: disk, durability)
    #expect(try texts(alpha, on: disk) == before + ["after"], "\(run)")
    #expect(try texts(beta, on: disk).last == "after", "\(run)")
}

@Suite(.timeLimit(.minutes(10))) struct `W-03: after any crash` {
    @Test(arguments: Durability.allCases)
    func `what was acknowledged is there, and it goes on`(durability: Durability) async throws {
        var promised: [Note] = []
        let runs = try await CrashSweep(seeds: 0..<1, stride: sweepStride).run(
            work: { disk in
                promised = []
                try write(script, durability, on: disk) { promised += $0 }
            },
            check: { disk, _, run in
                try check(disk, durability, has: promised, "\(durability), \(run)")
                try goOn(disk, durability, "\(durability), \(run)")
            })
        #expect(runs > 1_000 / sweepStride)
    }

    /// The crash point of the first crash goes through all; the second one comes in the midst of the recovery.
    @Test(arguments: Durability.allCases)
    func `a crash in the recovery changes nothing`(durability: Durability) async throws {
        var dice = SplitMix64(seed: 7)
        let calm = FaultyFileSystem()
        try write(script, durability, on: calm)
        for point in stride(from: 1, through: 2 * calm.operations, by: sweepStride == 1 ? 3 : 9) {
            await Task.yield()
            let disk = FaultyFileSystem(crashAt: point)
            var promised: [Note] = []
            try? write(script, durability, on: disk) { promised += $0 }
            disk.restart(after: dice.pick(FaultyFileSystem.Damage.allCases))
            let calm = disk.copy()
            try check(calm, durability, has: promised, "point \(point)")
            for second in stride(from: 1, through: 2 * calm.operations, by: 2) {
                let again = disk.copy(seed: dice.next(), crashAt: second)
                let run = "\(durability), points \(point) and \(second)"
                if (try? check(again, durability, has: promised, run)) != nil && !again.hasCrashed { break }
                again.restart(after: dice.pick(FaultyFileSystem.Damage.allCases))
                try check(again, durability, has: promised, run)
            }
        }
    }

    @Test(arguments: Durability.allCases)
    func `two recoveries in a row change nothing`(durability: Durability) async throws {
        var dice = SplitMix64(seed: 11)
        let calm = FaultyFileSystem()
        try write(script, durability, on: calm)
        for point in 1...2 * calm.operations {
            await Task.yield()
            let disk = FaultyFileSystem(crashAt: point)
            try? write(script, durability, on: disk)
            disk.restart(after: dice.pick(FaultyFileSystem.Damage.allCases))
            try check(disk, durability, has: [], "point \(point)")
            let first = [alpha, beta, gamma].map { try? disk.read(path($0), limit: 1 << 20) }
            let recovery = try LogWriter.open(LogFolder("/data"), durability, smallLimits, on: disk).1
            #expect(recovery.frames == 0 && recovery.mendings.isEmpty, "point \(point)")
            #expect([alpha, beta, gamma].map { try? disk.read(path($0), limit: 1 << 20) } == first, "point \(point)")
        }
    }
}

@Suite(.timeLimit(.minutes(10))) struct `W-03: after any fault of the disk` {
    @Test(arguments: Durability.allCases, [FaultyFileSystem.Fault.full, .io, .short(1)])
    func `what was acknowledged is there`(durability: Durability, fault: FaultyFileSystem.Fault) async throws {
        let calm = FaultyFileSystem()
        try write(script, durability, on: calm)
        for step in 1...calm.operations {
            await Task.yield()
            for damage in [powerCut, calmEnd, .init(bytes: .scattered, names: .scattered)] {
                let disk = FaultyFileSystem(seed: UInt64(step), faults: [step: fault])
                var promised: [Note] = []
                try? write(script, durability, on: disk) { promised += $0 }
                let run = "\(durability), \(fault) at \(step), \(damage)"
                disk.restart(after: damage)
                try checkFaulty(disk, durability, has: promised, run)
                try goOn(disk, durability, run)
            }
        }
    }

    /// A program that starts again on a machine that goes on sees what the disk never got.
    @Test(arguments: Durability.allCases)
    func `a new start trusts nothing that was not synced`(durability: Durability) async throws {
        let calm = FaultyFileSystem()
        try write(script, durability, on: calm)
        // Of names that could not be synced nothing is asked: a machine whose directories fail does not go on.
        for (step, operation) in zip(1..., calm.trace) where operation != .syncDirectory {
            await Task.yield()
            let disk = FaultyFileSystem(seed: UInt64(step), faults: [step: .io])
            var promised: [Note] = []
            try? write(script, durability, on: disk) { promised += $0 }
            let run = "\(durability), fault at \(step)"
            try goOn(disk, durability, run)
            disk.restart(after: powerCut)
            try checkFaulty(disk, durability, has: promised, run)
        }
    }

    /// After a refusal later events may follow, so logs need not be first parts; promises hold, numbers have no gaps.
    private func checkFaulty(
        _ disk: FaultyFileSystem, _ durability: Durability, has promised: [Note], _ run: String
    ) throws {
        _ = try LogWriter.open(on: disk, durability)
        for log in [alpha, beta, gamma] {
            let history = try history(log, on: disk)
            #expect(history.damage.isEmpty, "\(run)")
            let texts = history.records.map(text)
            #expect(Set(texts).count == texts.count, "\(run): twice")
            #expect(history.records.map(\.sequence) == Array(1..<UInt64(texts.count + 1)), "\(run)")
            let missing = promised.filter { $0.log == log && !texts.contains($0.text) }
            #expect(missing.isEmpty, "\(run): \(missing.map(\.text)) acknowledged and lost")
        }
    }
}
