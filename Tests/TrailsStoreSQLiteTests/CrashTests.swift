import Foundation
import ProgramKit
import TestKit
import Testing
import TrailsCore
import TrailsStore
import TrailsStoreSQLite
import Vocabulary

/// Real processes, killed while they commit.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CrashTests {
    private typealias Driver = TreeDriver<SQLiteTrailsStore>

    @Test
    func `finds every commit that was acknowledged before a kill`() async throws {
        let folder = try ScratchFolder()
        let file = folder.file("trails.db")
        var acknowledged: Int64 = 0
        for round in 1...8 {
            acknowledged = max(acknowledged, try await Self.killWriter(of: file, after: 5 * round))
            let store = try SQLiteTrailsStore.open(file)
            let found = try store.sequence(of: Driver.id(1), incarnation: 1)
            #expect(found.contiguous >= acknowledged, "round \(round)")
            #expect(found.beyond.isEmpty, "round \(round)")
            #expect(try await store.reader.check(limits: TreeLimits()).violations == [], "round \(round)")
            store.close()
        }
        #expect(acknowledged >= 8)
    }

    /// Starts a writer, kills it once it has acknowledged `count` commits, and answers the last number it said.
    private static func killWriter(of file: String, after count: Int) async throws -> Int64 {
        let writer = try TestProgram([TestProgram.built + "store-writer", file])
        // A line that the kill cut off says nothing.
        return try await writer.killed(afterLines: count).compactMap { Int64($0) }.max() ?? 0
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace is not installed"))
    func `syncs at least once for each commit`() async throws {
        let folder = try ScratchFolder()
        let trace = folder.file("trace")
        let strace = try TestProgram([
            "/usr/bin/strace", "-f", "-e", "trace=fdatasync,fsync,write", "-e", "signal=none", "-o", trace,
            TestProgram.built + "store-writer", folder.file("trails.db"), "40",
        ])
        #expect(await strace.wait() == 0)

        // Between two acknowledgements there is a sync.
        var (acknowledgements, syncs) = (0, 0)
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            if line.contains("sync(") {
                syncs += 1
            } else if line.contains("write(1, ") {
                acknowledgements += 1
                #expect(syncs > 0, "acknowledgement \(acknowledgements) came without a sync")
                syncs = 0
            }
        }
        #expect(acknowledgements == 40)
    }
}
