import Foundation
import Testing

@Suite struct `The table of criteria` {
    static let here = URL(filePath: #filePath).deletingLastPathComponent()
    static let root = here.appending(path: "../..").standardized

    static func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    /// Criterion and test of each row.
    static func rows() throws -> [(id: String, test: String)] {
        try Self.text("docs/criteria.md").matches(of: #/(?m)^\| `([a-z-]+)` \| .* \| `([^`]+)` \|$/#)
            .map { (String($0.1), String($0.2)) }
    }

    @Test func `has every criterion once`() throws {
        let ids = [
            "cli-replay", "cli-resume-invalid", "cli-resume-valid", "cli-status", "completed-nodes-skipped",
            "context-restored", "full-suite-passes", "graceful-pause", "replay-diverges", "replay-forks-context",
            "resume-branching-pipeline", "resume-from-checkpoint", "retry-counters-preserved", "session-created",
            "session-status-completed", "session-status-failed", "session-status-paused",
            "visited-outcomes-preserved",
        ]
        #expect(try Self.rows().map(\.id).sorted() == ids)
    }

    @Test func `names tests that are there`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.here.path(percentEncoded: false))
        let tests = try files.filter { $0.hasSuffix(".swift") }.flatMap { file in
            try Self.text("Tests/OrchestraProgramTests/\(file)").matches(of: #/func `([^`]+)`\(/#).map { String($0.1) }
        }
        for row in try Self.rows() where row.id != "full-suite-passes" {
            #expect(tests.count { $0 == row.test } == 1, "\(row.test)")
        }
        #expect(try Self.text("Makefile").contains(#/(?m)^test:/#))
    }
}
