import Foundation
import Testing

/// The pipelines in `examples`, each played in a copy of its folder.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `The example` {
    struct Example: Sendable, CustomTestStringConvertible {
        let folder: String
        /// What a run to its end leaves behind.
        let proof: String

        var testDescription: String { self.folder }
    }

    static let examples = [
        Example(folder: "hello", proof: "completed greet SUCCESS"),
        Example(folder: "retry-and-fallback", proof: "completed archive SUCCESS"),
        Example(folder: "human-approval", proof: "completed apply SUCCESS"),
        Example(folder: "nightly-migration", proof: "completed verify SUCCESS"),
        Example(folder: "release-pipeline", proof: "completed upload SUCCESS"),
        Example(folder: "review-pipeline", proof: "completed revise SUCCESS"),
    ]

    /// Plays a script in a new copy of an example, with a home of its own.
    static func play(_ script: String, in example: String) async throws -> (code: Int32, output: String) {
        let place = try Place()
        defer { place.remove() }
        return try await place.bash(
            "cp -R '\(place.root)/examples/\(example)' here && cd here || exit 99\n\(script)",
            environment: [
                "PATH": "\(place.programs):/usr/bin:/bin", "HOME": place.folder.path(percentEncoded: false),
                "LC_ALL": "C.UTF-8",
            ])
    }

    @Test func `has a test, whichever it is`() async throws {
        let place = try Place()
        defer { place.remove() }
        let found = try await place.bash("cd '\(place.root)/examples' && ls */*.dot | xargs dirname", environment: [:])
        #expect(Set(found.output.split(separator: "\n").map(String.init)) == Set(Self.examples.map(\.folder)))
    }

    @Test(arguments: examples) func `compiles without a word, and runs to its end`(example: Example) async throws {
        let end = try await Self.play(
            "orchestra compile *.dot 2>said && test ! -s said || exit 98; orchestra run *.dot --auto-approve",
            in: example.folder)
        #expect(end.code == 0, "\(end.output)")
        #expect(end.output.contains(example.proof), "\(end.output)")
        #expect(end.output.contains("[Pipeline] completed"))
    }

    @Test(arguments: examples) func `does what its README says`(example: Example) async throws {
        let place = try Place()
        defer { place.remove() }
        let path = "\(place.root)/examples/\(example.folder)/README.md"
        let blocks = try String(contentsOfFile: path, encoding: .utf8).matches(of: /(?ms)^```sh\n(.*?)^```$/)
        #expect(!blocks.isEmpty)
        let end = try await Self.play(blocks.map { String($0.1) }.joined(separator: "\n"), in: example.folder)
        #expect(end.code == 0, "\(end.output)")
        #expect(end.output.contains("[Pipeline] completed"), "\(end.output)")
        guard example.folder == "nightly-migration" else { return }
        #expect(end.output.contains("interrupted"))
        #expect(end.output.matches(of: /freeze at row/).count == 1, "\(end.output)")
    }
}
