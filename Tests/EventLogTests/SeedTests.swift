import DurableFiles
import Simulator
import Testing
import Vocabulary

@testable import EventLog

/// A line as the seed's writer makes it.
private func seedLine(_ text: String, _ log: LogID = alpha) -> [UInt8] {
    let start = #"{"session_id":"\#(log.hex)","ts":"2026-03-01T10:00:00.123456+00:00","event":"note","#
    return Array((start + #""data":{"text":"\#(text)"}}"# + "\n").utf8)
}

/// Opens the directory that the seed's daemon has left, and says which events it has then; and again after a power cut.
private func open(_ disk: FaultyFileSystem, _ durability: Durability) throws -> [String] {
    var writer = try LogWriter.open(on: disk, durability)
    try writer.uncover(alpha)
    let found = try texts(alpha, on: disk)
    #expect(try !disk.exists(path(alpha, "events.pending")))
    #expect(writer.write([[(alpha, "next")]]).count == 1)
    #expect(writer.write([[(alpha, "last")]]).count == 1)
    disk.restart(after: powerCut)
    _ = try LogWriter.open(on: disk, durability)
    #expect(try texts(alpha, on: disk) == found + ["next", "last"])
    #expect(try history(alpha, on: disk).records.map(\.sequence) == Array(1...UInt64(found.count + 2)))
    return found
}

@Suite struct `W-03: a directory of the seed` {
    @Test(arguments: Durability.allCases)
    func `opens unchanged, and goes on`(durability: Durability) throws {
        let disk = FaultyFileSystem()
        let golden = seedLine("one") + seedLine("two") + seedLine("three")
        try put(golden, path(alpha), on: disk)
        var writer = try LogWriter.open(on: disk, durability)
        try writer.uncover(alpha)
        #expect(try disk.read(path(alpha), limit: 1_000) == golden)
        writer.close()
        #expect(try open(disk, durability) == ["one", "two", "three"])
        #expect(try disk.read(path(alpha), limit: 5_000).starts(with: golden))
        // What a reader that knows only the seed's members makes of our lines.
        let lines = try disk.read(path(alpha), limit: 5_000).split(separator: UInt8(ascii: "\n"))
        for line in lines {
            let object = try JSONValue(parsing: line).object
            #expect(object?.keys.prefix(4) == ["session_id", "ts", "event", "data"])
            #expect(object?["session_id"] == .string(alpha.hex))
        }
    }

    @Test(arguments: Durability.allCases)
    func `has the event of a whole pending file, once`(durability: Durability) throws {
        for isAppended in [false, true] {
            let disk = FaultyFileSystem()
            try put(seedLine("one") + (isAppended ? seedLine("two") : []), path(alpha), on: disk)
            try put(seedLine("two"), path(alpha, "events.pending"), on: disk)
            #expect(try history(alpha, on: disk).records.map(text) == ["one", "two"])
            #expect(try open(disk, durability) == ["one", "two"])
        }
    }

    @Test(arguments: Durability.allCases)
    func `loses no later event to a torn pending file`(durability: Durability) throws {
        for count in 0..<seedLine("two").count {
            let disk = FaultyFileSystem()
            try put(seedLine("one"), path(alpha), on: disk)
            try put(Array(seedLine("two").prefix(count)), path(alpha, "events.pending"), on: disk)
            #expect(try open(disk, durability) == ["one"], "\(count) bytes")
        }
    }

    @Test(arguments: [0, 20, 100])
    func `loses no later event to a torn tail, with a pending file or without`(count: Int) throws {
        for pending in [nil, seedLine("two")] {
            let disk = FaultyFileSystem()
            try put(seedLine("one") + seedLine("two").prefix(count), path(alpha), on: disk)
            if let pending { try put(pending, path(alpha, "events.pending"), on: disk) }
            #expect(try open(disk, .pending) == (pending == nil ? ["one"] : ["one", "two"]))
        }
    }

    @Test func `loses no later event to a tail of zeros, of which a copy is kept`() throws {
        let disk = FaultyFileSystem()
        try put(seedLine("one") + [UInt8](repeating: 0, count: 77), path(alpha), on: disk)
        #expect(try open(disk, .journal) == ["one"])
        let kept = try disk.names(in: "/data/quarantine")
        #expect(kept.count == 1)
        #expect(try disk.read("/data/quarantine/\(kept[0])", limit: 100) == [UInt8](repeating: 0, count: 77))
    }

    @Test func `takes no stale pending file for a new event`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk, .pending)
        writer.write([[(alpha, "one")], [(alpha, "two")], [(alpha, "three")]])
        writer.close()
        try put(bytes("one", 1), path(alpha, "events.pending"), on: disk)
        #expect(try open(disk, .pending) == ["one", "two", "three"])
    }

    @Test func `pays two syncs for an event in mode pending, and leaves no pending file`() throws {
        let disk = FaultyFileSystem()
        var writer = try LogWriter.open(on: disk, .pending)
        writer.write([[(alpha, "one")]])
        disk.restart(after: calmEnd)
        writer = try LogWriter.open(on: disk, .pending)
        writer.write([[(alpha, "two")]])
        let before = disk.trace.count
        writer.write([[(alpha, "three")]])
        #expect(disk.trace[before...] == [.open, .cut, .write, .sync, .write, .sync, .remove])
        #expect(try disk.names(in: "/data/agents/\(alpha.folder)") == ["events.jsonl"])
    }
}
