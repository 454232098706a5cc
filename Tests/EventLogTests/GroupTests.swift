import DurableFiles
import Simulator
import Testing
import Vocabulary

@testable import EventLog

@Suite struct `W-17: a group of batches` {
    @Test func `of any logs costs one write and one sync`() throws {
        let disk = FaultyFileSystem()
        var limits = smallLimits
        limits.journalStep = .kibibytes(64)
        var writer = try LogWriter.open(on: disk, .journal, limits)
        let before = disk.trace.count
        var atAnswer = 0
        let group: [[Note]] = (0..<100).map { [($0 % 2 == 0 ? alpha : beta, "\($0)"), (gamma, "\($0)")] }
        let acknowledged = writer.write(group) { _ in atAnswer = disk.trace.count }
        #expect(disk.trace[before..<atAnswer] == [.write, .sync])
        #expect(acknowledged.count == 100)
        #expect((0..<100).map { acknowledged[$0]![1] } == Array(1...100))
        #expect(acknowledged[98]![0] == 50)
    }

    @Test func `costs one sync a log in mode append`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk, .append)
        writer.write([[(alpha, "a"), (beta, "b")]])
        let before = disk.trace.count
        #expect(writer.write((0..<50).map { [($0 % 2 == 0 ? alpha : beta, "\($0)")] }).count == 50)
        #expect(disk.trace[before...].count { $0 == .sync } == 2)
        #expect(try texts(alpha, on: disk) == ["a"] + stride(from: 0, to: 50, by: 2).map(String.init))
    }

    @Test func `is durable in the order of its batch in mode append`() async throws {
        // What comes later in a batch must not be there without what comes before.
        let batch: [Note] = [(beta, "1"), (alpha, "2"), (beta, "3"), (gamma, "4"), (alpha, "5")]
        try await CrashSweep(seeds: 0..<1, stride: sweepStride).run(
            work: { disk in
                var writer = try LogWriter.open(on: disk, .append)
                writer.write([batch, [(beta, "6")], [(gamma, "7"), (alpha, "8")]])
            },
            check: { disk, _, run in
                var writer = try LogWriter.open(on: disk, .append)
                for log in [alpha, beta, gamma] { try writer.uncover(log) }
                let found = try [alpha, beta, gamma].flatMap { try texts($0, on: disk) }.compactMap { Int($0) }
                let ofBatch = found.filter { $0 <= 5 }.sorted()
                #expect(ofBatch == Array(1..<ofBatch.count + 1), "\(run)")
                let ofAlpha = try texts(alpha, on: disk)
                #expect(ofAlpha == Array(["2", "5", "8"].prefix(ofAlpha.count)), "\(run)")
            })
    }

    @Test func `is told before its lines are in their logs, and read with them`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk)
        var lengths: [Int64] = []
        writer.write([[(alpha, "a")]]) { _ in lengths.append((try? disk.status(of: path(alpha)).size) ?? 0) }
        #expect(lengths == [0])
        #expect(try disk.status(of: path(alpha)).size > 0)
    }

    @Test func `does not close files that have something to lose`() throws {
        let disk = FaultyFileSystem()
        var limits = LogLimits()
        limits.openMax = 3
        var writer = try LogWriter.open(on: disk, .journal, limits)
        let logs = (1...10).map { LogID(high: 1 << 60, low: UInt64($0)) }
        let before = disk.trace.count
        for round in 0..<5 { writer.write(logs.map { [($0, "\(round)")] }) }
        #expect(disk.trace[before...].count { $0 == .sync } == 5)
        for log in logs { try writer.uncover(log) }
        for log in logs { #expect(try texts(log, on: disk) == ["0", "1", "2", "3", "4"]) }
        writer.close()
        disk.restart(after: powerCut)
        for log in logs { #expect(try texts(log, on: disk) == ["0", "1", "2", "3", "4"]) }
    }
}

@Suite(.timeLimit(.minutes(15))) struct `The logs of a real directory` {
    @Test(arguments: Durability.allCases)
    func `have every event of sixty-four writers, in order, with numbers without gaps`(
        durability: Durability
    ) async throws {
        let scratch = ScratchDirectory()
        defer { withExtendedLifetime(scratch) {} }
        let files = POSIXFileSystem()
        let logs = try EventLogs.open(scratch.path, durability: durability, on: files) { someTime }
        let numbers = await withTaskGroup(of: (LogID, [UInt64]).self) { group in
            for writer in 0..<64 {
                group.addTask {
                    let log = [alpha, beta, gamma, .user][writer % 4]
                    var numbers: [UInt64] = []
                    for round in 0..<5 {
                        numbers.append((try? await logs.append(event("\(writer) \(round)"), to: log)) ?? 0)
                    }
                    return (log, numbers)
                }
            }
            return await group.reduce(into: [LogID: [UInt64]]()) { $0[$1.0, default: []] += $1.1 }
        }
        for (log, found) in numbers { #expect(found.sorted() == Array(1...80), "\(log.folder)") }
        let second = code { () throws(LogFault) in
            _ = try EventLogs.open(scratch.path, durability: durability, on: files) { someTime }
        }
        #expect(second == .locked)
        let before = try logs.history(of: alpha)
        logs.close()
        let late = try? await logs.append(event("late"), to: alpha)
        #expect(late == nil)
        let again = try EventLogs.open(scratch.path, on: files) { someTime }
        #expect(again.recovery.frames == 0)
        #expect(try again.history(of: alpha).records == before.records && before.records.count == 80)
        #expect(try again.logs() == [alpha, beta, gamma, .user])
        for writer in 0..<4 {
            let texts = try again.history(of: [alpha, beta, gamma, .user][writer]).records.map(text)
            #expect(texts.filter { $0.hasPrefix("\(writer) ") } == (0..<5).map { "\(writer) \($0)" })
        }
        again.close()
    }
}
