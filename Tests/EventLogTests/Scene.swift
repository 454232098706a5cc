import DurableFiles
import Foundation
import Simulator
import Vocabulary

@testable import EventLog

let alpha = LogID(high: 0xA1A1_A1A1_A1A1_4A1A, low: 0x8000_0000_0000_0001)
let beta = LogID(high: 0xB2B2_B2B2_B2B2_4B2B, low: 0x8000_0000_0000_0002)
let gamma = LogID(high: 0xC3C3_C3C3_C3C3_4C3C, low: 0x8000_0000_0000_0003)
let someTime = Timestamp(milliseconds: 1_772_143_200_123)

func event(_ text: String) -> LogEvent { LogEvent("note", ["text": .string(text)]) }

func line(_ text: String, _ log: LogID = alpha) throws -> EventLine {
    try EventLine(event(text), in: log, at: someTime)
}

/// The whole line, with its line break.
func bytes(_ text: String, _ number: UInt64, _ log: LogID = alpha) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try line(text, log).write(to: &bytes, sequence: number)
    return bytes
}

func text(_ record: LogRecord) -> String { record.event.data?["text"]?.string ?? record.event.name }

/// Small enough for a test to meet every limit.
var smallLimits: LogLimits {
    var limits = LogLimits()
    limits.journalStep = .bytes(256)
    limits.emptyAfter = .bytes(700)
    limits.openMax = 2
    return limits
}

/// A part of a batch: what goes into which log.
typealias Note = (log: LogID, text: String)

extension LogWriter {
    static func open(
        on disk: any FileSystem, _ durability: Durability = .journal, _ limits: LogLimits = smallLimits
    ) throws(LogFault) -> LogWriter {
        try Self.open(LogFolder("/data"), durability, limits, on: disk).0
    }

    /// Writes a group of batches and answers which of them were acknowledged, and with what numbers.
    @discardableResult
    mutating func write(_ group: [[Note]], told: (Int) -> Void = { _ in }) -> [Int: [UInt64]] {
        var acknowledged: [Int: [UInt64]] = [:]
        let lines = group.map { $0.compactMap { try? line($0.text, $0.log) } }
        self.write(lines) { place, answer in
            if let numbers = try? answer.get() {
                acknowledged[place] = numbers
                told(place)
            }
        }
        return acknowledged
    }
}

func history(_ log: LogID, on disk: any FileSystem, _ extent: LogHistory.Extent = .whole) throws -> LogHistory {
    try LogHistory.read(log, extent, in: LogFolder("/data"), on: disk)
}

func texts(_ log: LogID, on disk: any FileSystem) throws -> [String] {
    try history(log, on: disk).records.map(text).filter { $0 != "log.checkpoint" }
}

/// Puts a file on the disk as if it had been there for long.
func put(_ bytes: [UInt8], _ path: String, on disk: FaultyFileSystem) throws {
    try DurableDirectory.make(AtomicFile.directory(of: path), on: disk)
    try AtomicFile.replace(path, with: bytes, on: disk)
}

func path(_ log: LogID, _ name: String = "events.jsonl") -> String { "/data/agents/\(log.folder)/\(name)" }

let powerCut = FaultyFileSystem.Damage(bytes: .dropped, names: .dropped)
let calmEnd = FaultyFileSystem.Damage(bytes: .kept, names: .kept)

/// The code of the fault that `body` throws, if it throws one.
func code(_ body: () throws(LogFault) -> Void) -> LogFault.Code? {
    do throws(LogFault) {
        try body()
        return nil
    } catch {
        return error.code
    }
}

/// Of how many crashes of a sweep one is tried: `make lab` tries them all.
let sweepStride = ProcessInfo.processInfo.environment["CRASHLAB"] == "long" ? 1 : 8
