import BenchKit
import DurableFiles
import EventLog
import Glibc
import Vocabulary

/// Durable events a second, against writing and syncing the same bytes and nothing else.
enum LogBench {
    private static let writers = 64

    static func run(_ report: BenchReport, events count: Int) async throws {
        report.title("durable events a second, one writer")
        var (ratios, rates, limits, syncs): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        for _ in 0..<5 {
            let folder = try BenchFolder()
            let limit = try BareAppends.rate(in: folder, count: count / 10)
            let gauge = try await self.append(count / 10, writers: 1, in: folder)
            limits.append(limit)
            rates.append(gauge.rate(count / 10))
            syncs.append(gauge.syncs(each: count / 10))
            ratios.append(gauge.rate(count / 10) / limit)
        }
        report.row("bare append and sync", "\(limits.median.whole)/s")
        report.row("the logs", "\(rates.median.whole)/s")
        report.ratio("  against the bare loop", ratios.median, atLeast: 0.8)
        report.ratio("  syncs an event", syncs.median, atMost: 1.05)

        report.title("durable events a second, \(self.writers) writers, a log each")
        (ratios, rates, limits, syncs) = ([], [], [], [])
        for _ in 0..<5 {
            let folder = try BenchFolder()
            let limit = try BareAppends.rate(in: folder, count: count * 5, batch: self.writers)
            let gauge = try await self.append(count, writers: self.writers, in: folder)
            limits.append(limit)
            rates.append(gauge.rate(count))
            syncs.append(gauge.syncs(each: count))
            ratios.append(gauge.rate(count) / limit)
        }
        report.row("bare append, \(self.writers) records a sync", "\(limits.median.whole)/s")
        report.row("the logs", "\(rates.median.whole)/s")
        report.row("  against the bare loop", ratios.median.text(places: 2))
        report.ratio("  against the goal of 50,000", rates.median / 50_000, atLeast: 1)
        report.row("  syncs an event", syncs.median.text(places: 4))
    }

    /// Each writer waits for its event before it has the next one.
    private static func append(_ count: Int, writers: Int, in folder: BenchFolder) async throws -> Gauge {
        let logs = try EventLogs.open(folder.file("logs"), on: POSIXFileSystem()) { Timestamp(milliseconds: 0) }
        defer { logs.close() }
        let event = LogEvent("tool.call", ["text": .string(String(repeating: "x", count: 100))])
        let names = (0..<writers).map { LogID(high: 1, low: UInt64($0)) }
        for name in names { try await logs.append(event, to: name) }
        return try await Gauge.measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in names {
                    group.addTask { for _ in 0..<count / writers { try await logs.append(event, to: name) } }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// A loop that does nothing but append to a file and sync it.
private enum BareAppends {
    /// About as long as a line of the events above.
    private static let record = [UInt8](repeating: 7, count: 220)

    static func rate(in folder: BenchFolder, count: Int, batch: Int = 1) throws -> Double {
        let file = open(folder.file("bare.bin"), O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0o600)
        guard file >= 0 else { throw BenchError("no file for bare appends") }
        defer { close(file) }
        let bytes = [UInt8]((0..<batch).map { _ in Self.record }.joined())
        let begin = ContinuousClock.now
        for _ in 0..<max(1, count / batch) {
            guard write(file, bytes, bytes.count) == bytes.count, fdatasync(file) == 0 else {
                throw BenchError("a bare append failed")
            }
        }
        return Double(max(1, count / batch) * batch) / (ContinuousClock.now - begin).inSeconds
    }
}
