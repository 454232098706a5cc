import Foundation
import ProgramKit
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// Real processes with one file, killed while they commit.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CrashTests {
    /// What a writer said: a turn of a context, and its payload.
    private struct Line: Hashable {
        let context: ContextID
        let turn: TurnID
        let text: String

        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            guard words.count == 3, let context = UInt64(words[0]), let turn = UInt64(words[1]) else { return nil }
            self.context = ContextID(context)
            self.turn = TurnID(turn)
            self.text = String(words[2])
        }
    }

    @Test
    func `finds every turn that any of three killed writers was told of, once`() async throws {
        let folder = try ScratchFolder()
        let file = folder.file("store.sqlite")
        var said: [Line] = []
        for round in 1...6 {
            let writers = try (1...3).map { try Self.start(file, "w\(round).\($0)") }
            for (place, writer) in writers.enumerated() {
                said += try await writer.killed(afterLines: 3 * round + 2 * place).compactMap { Line($0) }
            }
            let store = try SQLiteTurnStore.open(file)
            #expect(try await store.check().violations == [], "round \(round)")
            for line in said {
                let turn = try await store.turn(line.turn, withPayload: true)
                #expect(turn.payload == Array(line.text.utf8))
                #expect(try await store.isTurn(line.turn, inChainOf: line.context), "\(line)")
            }
            for context in Set(said.map(\.context)) {
                let texts = try await Self.history(of: context, in: store)
                #expect(Set(texts).count == texts.count, "a turn is there twice in context \(context)")
            }
            store.close()
        }
        #expect(Set(said.map(\.turn)).count == said.count)
        #expect(said.count >= 100)
    }

    private static func history(of context: ContextID, in store: SQLiteTurnStore) async throws -> [String] {
        var texts: [String] = []
        var query = TurnQuery(context: context, limit: 1_000)
        repeat {
            let page = try await store.turns(query)
            texts += page.turns.map { String(decoding: $0.payload ?? [], as: UTF8.self) }
            query.before = page.next
        } while query.before != nil
        return texts
    }

    private static func start(_ file: String, _ name: String) throws -> TestProgram {
        try TestProgram([TestProgram.built + "turn-writer", "write", file, name])
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace is not installed"))
    func `syncs once for each group, before it is acknowledged`() async throws {
        let folder = try ScratchFolder()
        let trace = folder.file("trace")
        let strace = try TestProgram([
            "/usr/bin/strace", "-f", "-e", "trace=fdatasync,fsync,write", "-e", "signal=none", "-o", trace,
            TestProgram.built + "turn-writer", "write", folder.file("store.sqlite"), "w", "40",
        ])
        #expect(await strace.wait() == 0)

        var syncs: [Int] = [0]
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            if line.contains("sync(") { syncs[syncs.count - 1] += 1 }
            if line.contains("write(1, ") { syncs.append(0) }
        }
        // The first acknowledgement comes after the file was made, and what follows the last is its closing.
        #expect(syncs.count == 41)
        #expect(syncs[1..<40].allSatisfy { $0 == 1 }, "\(syncs)")
    }
}
