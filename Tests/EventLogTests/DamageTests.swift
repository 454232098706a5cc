import DurableFiles
import Simulator
import Testing
import Vocabulary

@testable import EventLog

/// A disk with three logs of four events each, all durable in their files.
private func calmDisk(_ durability: Durability) throws -> FaultyFileSystem {
    let disk = FaultyFileSystem()
    var writer = try LogWriter.open(on: disk, durability)
    for round in 1...4 { writer.write([[(alpha, "a\(round)"), (beta, "b\(round)"), (gamma, "c\(round)")]]) }
    writer.close()
    disk.restart(after: calmEnd)
    return disk
}

private let all = ["1", "2", "3", "4"]

@Suite(.timeLimit(.minutes(10))) struct `W-04: a flipped bit` {
    @Test(arguments: Durability.allCases)
    func `of any byte of a log damages that event only, and no other log`(durability: Durability) async throws {
        let disk = try calmDisk(durability)
        let whole = try disk.read(path(alpha), limit: 10_000)
        let lines = whole.split(separator: UInt8(ascii: "\n"))
        for place in stride(from: 0, to: whole.count, by: 3) {
            await Task.yield()
            let disk = disk.copy()
            var damaged = whole
            damaged[place] ^= 1 << (place % 7)
            try put(damaged, path(alpha), on: disk)
            var writer = try LogWriter.open(on: disk, durability)
            try writer.uncover(alpha)
            let hit = whole[..<place].count { $0 == UInt8(ascii: "\n") }
            let found = try history(alpha, on: disk).records.map(text)
            let sound = lines.indices.filter { $0 != hit }.map { "a\($0 + 1)" }
            let run = "\(durability), byte \(place)"
            // A line break that is gone makes one of two lines.
            let isBreak = whole[place] == UInt8(ascii: "\n")
            #expect(found == (isBreak ? sound.filter { $0 != "a\(hit + 2)" } : sound), "\(run)")
            let isTail = hit == lines.count - 1 || isBreak && hit == lines.count - 2
            if isTail {
                // Nobody can tell it from a torn write: it is cut, and a copy kept.
                #expect(try disk.names(in: "/data/quarantine").count == 1, "\(run)")
            } else {
                #expect(try disk.read(path(alpha), limit: 10_000) == damaged, "\(run): the file was changed")
                #expect(writer.write([[(alpha, "no")]]).isEmpty, "\(run)")
                let refusal = code { () throws(LogFault) in try writer.shelf[alpha].check() }
                #expect(refusal == .quarantined)
                #expect(try !LogText.verify(LogFolder("/data"), on: disk).isSound)
            }
            #expect(writer.write([[(beta, "b5")]]).count == 1, "\(run)")
            try writer.uncover(beta)
            #expect(try texts(beta, on: disk) == all.map { "b\($0)" } + ["b5"], "\(run)")
            #expect(try texts(gamma, on: disk) == all.map { "c\($0)" }, "\(run)")
        }
    }

    @Test func `of the journal loses nothing that the logs have`() async throws {
        let disk = FaultyFileSystem()
        var limits = smallLimits
        limits.emptyAfter = .mebibytes(1)
        var writer = try LogWriter.open(on: disk, .journal, limits)
        for round in 1...4 { writer.write([[(alpha, "a\(round)"), (beta, "b\(round)")]]) }
        disk.restart(after: calmEnd)
        let journal = try disk.read("/data/journal/1.wal", limit: 10_000)
        for place in stride(from: 0, to: journal.count, by: 5) {
            await Task.yield()
            let disk = disk.copy()
            var damaged = journal
            damaged[place] ^= 1 << (place % 8)
            try put(damaged, "/data/journal/1.wal", on: disk)
            _ = try LogWriter.open(on: disk)
            #expect(try texts(alpha, on: disk) == all.map { "a\($0)" }, "byte \(place)")
            #expect(try texts(beta, on: disk) == all.map { "b\($0)" }, "byte \(place)")
        }
    }

    @Test func `in what is durable does not take from a log what only the journal has`() throws {
        for isTorn in [false, true] {
            let disk = try calmDisk(.journal)
            var limits = smallLimits
            limits.emptyAfter = .mebibytes(1)
            var writer = try LogWriter.open(on: disk, .journal, limits)
            writer.write([[(alpha, "a5")], [(alpha, "a6")]])
            disk.restart(after: isTorn ? .init(bytes: .cut, names: .kept) : powerCut)
            var damaged = try disk.read(path(alpha), limit: 10_000)
            damaged[damaged.count / 2] ^= 4
            try put(damaged, path(alpha), on: disk)
            writer = try LogWriter.open(on: disk)
            let history = try history(alpha, on: disk)
            #expect(history.records.count == 5 && !history.damage.isEmpty)
            #expect(history.records.suffix(2).map(text) == ["a5", "a6"])
            #expect(history.records.last?.sequence == 6)
            #expect(writer.write([[(alpha, "no")]]).isEmpty)
        }
    }

    @Test func `of the journal's state, of a checkpoint or of what is no log stops no start`() throws {
        let disk = try calmDisk(.journal)
        try put([1, 2, 3], "/data/journal/state", on: disk)
        try put([1, 2, 3], path(alpha, "events.ckpt"), on: disk)
        try put([1, 2, 3], "/data/agents/README", on: disk)
        try put(Array("x".utf8), "/data/agents/\(gamma.folder)/session.json", on: disk)
        var writer = try LogWriter.open(on: disk)
        #expect(writer.write([[(alpha, "a5"), (beta, "b5")]]).count == 1)
        try writer.uncover(alpha)
        #expect(try texts(alpha, on: disk) == all.map { "a\($0)" } + ["a5"])
    }
}

@Suite struct `A log that could not be synced` {
    @Test(arguments: Durability.allCases)
    func `acknowledges nothing until it is opened again`(durability: Durability) throws {
        let probe = FaultyFileSystem()
        var writer = try LogWriter.open(on: probe, durability)
        writer.write([[(alpha, "a1")], [(beta, "b1")]])
        let first = probe.trace.count
        writer.write([[(alpha, "a2")]])
        let step = (probe.trace[first...].lastIndex(of: .sync) ?? 0) + 1

        let disk = FaultyFileSystem(faults: [step: .io])
        writer = try LogWriter.open(on: disk, durability)
        #expect(writer.write([[(alpha, "a1")], [(beta, "b1")]]).count == 2)
        #expect(writer.write([[(alpha, "a2")]]).isEmpty)
        #expect(writer.write([[(alpha, "a3")]]).isEmpty)
        // One journal is for all logs; else the others go on.
        #expect(writer.write([[(beta, "b2")]]).isEmpty == (durability == .journal))
        writer.close()
        writer = try LogWriter.open(on: disk, durability)
        #expect(writer.write([[(alpha, "a4")]]).count == 1)
        disk.restart(after: powerCut)
        writer = try LogWriter.open(on: disk, durability)
        let found = try texts(alpha, on: disk)
        #expect(found.first == "a1" && found.last == "a4")
        #expect(try history(alpha, on: disk).damage.isEmpty)
    }

    @Test func `while the journal is emptied keeps its lines in the journal`() throws {
        let probe = FaultyFileSystem()
        var writer = try LogWriter.open(on: probe)
        writer.write([[(alpha, "a1")], [(beta, "b1")]])
        let first = probe.trace.count
        writer.close()
        for step in probe.trace.indices.dropFirst(first) where probe.trace[step] == .sync {
            let disk = FaultyFileSystem(faults: [step + 1: .io])
            writer = try LogWriter.open(on: disk)
            #expect(writer.write([[(alpha, "a1")], [(beta, "b1")]]).count == 2)
            writer.close()
            // The same machine, a new start; then the power.
            writer = try LogWriter.open(on: disk)
            writer.close()
            disk.restart(after: powerCut)
            _ = try LogWriter.open(on: disk)
            #expect(try texts(alpha, on: disk) == ["a1"] && texts(beta, on: disk) == ["b1"], "step \(step)")
        }
    }

    @Test func `or written, on a full disk, is as it was, and goes on when there is room`() throws {
        for durability in Durability.allCases {
            let probe = FaultyFileSystem()
            var writer = try LogWriter.open(on: probe, durability)
            writer.write([[(alpha, "a1")]])
            let first = probe.trace.count
            writer.write([[(alpha, "a2")]])
            for step in probe.trace.indices.dropFirst(first) where probe.trace[step] == .write {
                let disk = FaultyFileSystem(faults: [step + 1: .full])
                writer = try LogWriter.open(on: disk, durability)
                writer.write([[(alpha, "a1")]])
                let second = writer.write([[(alpha, "a2")]]).count
                #expect(writer.write([[(alpha, "a3")]]).count == 1, "\(durability), step \(step)")
                disk.restart(after: powerCut)
                _ = try LogWriter.open(on: disk, durability)
                #expect(try texts(alpha, on: disk) == ["a1"] + (second == 1 ? ["a2"] : []) + ["a3"])
            }
        }
    }
}
