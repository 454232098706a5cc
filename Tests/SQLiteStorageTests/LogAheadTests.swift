import Foundation
import Testing
import Vocabulary

@testable import SQLiteStorage

@Suite(.timeLimit(.minutes(10)))
struct LogAheadTests {
    private let folder = NSTemporaryDirectory() + "log-ahead-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    private func open(_ name: String = "db", _ adjust: (inout SQLiteOptions) -> Void = { _ in }) throws -> SQLiteFile {
        var options = SQLiteOptions(
            applicationID: 7, migrations: [SQLMigration(number: 1, sql: "CREATE TABLE t (x TEXT NOT NULL) STRICT")])
        adjust(&options)
        return try SQLiteFile.open("\(self.folder)/\(name)", options)
    }

    private func log(of file: SQLiteFile) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: file.path + "-wal"))
    }

    private func count(_ file: SQLiteFile) throws -> Int? {
        try file.write { connection throws(StorageError) in
            try connection.first("SELECT count(*) FROM t") { row throws(StorageError) in try row.next(Int.self) }
        }
    }

    private func insert(_ count: Int, into file: SQLiteFile) throws {
        for _ in 0..<count {
            try file.write { connection throws(StorageError) in
                try connection.run("INSERT INTO t VALUES (?)", String(repeating: "x", count: 500))
            }
        }
    }

    @Test
    func `a log is longer than what is written in it, and loses nothing by that`() throws {
        defer { try? FileManager.default.removeItem(atPath: self.folder) }
        let file = try self.open()
        try self.insert(10, into: file)
        let written = try self.log(of: file).count
        file.prepareForCommits()
        let longer = try self.log(of: file)
        #expect(longer.count >= written + 1 << 20)
        #expect(longer.dropFirst(written).allSatisfy { $0 == 0 })

        try self.insert(10, into: file)
        #expect(try self.log(of: file).count == longer.count)
        #expect(try self.log(of: file) != longer)
        // What a crash leaves behind: both files as they are now.
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: file.path + suffix, toPath: "\(self.folder)/copy\(suffix)")
        }
        let copy = try self.open("copy")
        #expect(try self.count(copy) == 20)
        copy.close()
        file.close()
    }

    @Test
    func `a log is made longer in time, up to one round, and then moved into the database`() throws {
        defer { try? FileManager.default.removeItem(atPath: self.folder) }
        let file = try self.open { $0.logMax = ByteCount(2 << 20) }
        let databaseSize = { try Data(contentsOf: URL(fileURLWithPath: file.path)).count }
        file.prepareForCommits()
        let before = try databaseSize()
        var sizes: Set<Int> = []
        for _ in 0..<150 {
            try self.insert(10, into: file)
            file.prepareForCommits()
            sizes.insert(try self.log(of: file).count)
        }
        // Not commit by commit: from the first length to that of one round in two steps.
        #expect(sizes.count == 3)
        let round = 32 + (2 << 20) / 1_024 * 1_048
        #expect(sizes.max() == round)
        #expect(try databaseSize() > before + 500 * 1_000)
        #expect(try self.count(file) == 1_500)
        file.close()
    }

    @Test
    func `the log of a shared file is left as it is`() throws {
        defer { try? FileManager.default.removeItem(atPath: self.folder) }
        let file = try self.open { $0.isShared = true }
        try self.insert(10, into: file)
        let written = try self.log(of: file).count
        file.prepareForCommits()
        #expect(try self.log(of: file).count == written)
        file.close()
    }
}
