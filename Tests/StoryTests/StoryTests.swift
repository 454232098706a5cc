import Foundation
import ProgramKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a reader of the README does, with the programs as they were built beside the tests.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `What the README promises` {
    @Test func `holds when its session is pasted`() async throws {
        let place = try Place()
        defer { place.remove() }
        let session = try #require(Self.session("A session", of: place.readme))
        let port = try FreePort.find()
        let end = try await place.bash(
            session,
            environment: ["TRAILSD_LISTEN": "127.0.0.1:\(port)", "TRAILS_SERVER": "ws://127.0.0.1:\(port)/ws"])

        let trees = Self.trees(in: end.output)
        try #require(trees.count == 3, "\(end.output)")
        #expect(trees[0] == trees[1])
        #expect(trees[1].count == 3 && trees[1][2].contains("copy") && trees[1][2].contains("[running ▶ 40%]"))
        #expect(trees[2].map { $0.contains("[done ✓]") } == [false, true, true])
        #expect(end.output.contains(#":{"files":5}}"#))
        #expect(end.code == 0)
    }

    @Test func `holds when its pipeline is pasted`() async throws {
        let place = try Place()
        defer { place.remove() }
        let session = try #require(Self.session("A pipeline", of: place.readme))
        let end = try await place.bash(session, environment: [:])
        #expect(end.code == 0, "\(end.output)")
        #expect(end.output.contains(#/[0-9a-f]{6} +Release +interrupted/#), "\(end.output)")
        #expect(end.output.contains(#/\nlint\n(test\n){1,2}ship\n/#), "\(end.output)")
        #expect(end.output.contains("is completed"))
    }

    @Test func `holds when its agents are pasted`() async throws {
        let place = try Place()
        defer { place.remove() }
        let session = try #require(Self.session("Agents", of: place.readme))
        let end = try await place.bash(session, environment: [:])
        #expect(end.code == 0, "\(end.output)")
        #expect(end.output.contains("the worker is at it"), "\(end.output)")
        #expect(end.output.contains("boss/worker"), "\(end.output)")
        #expect(end.output.contains("I have heard 3 messages"), "\(end.output)")
        #expect(end.output.components(separatedBy: "one, two, three").count > 2, "\(end.output)")
    }

    @Test func `holds in the demo, which leaves nothing behind`() async throws {
        let place = try Place()
        defer { place.remove() }
        let end = try await place.bash(
            "exec '\(place.root)/scripts/demo'", environment: ["CAIRN_BIN": place.programs, "TMPDIR": place.scratch])
        #expect(end.code == 0, "\(end.output)")
        #expect(end.output.contains("All claims hold."))
        #expect(!end.output.contains("\u{1B}["), "colours are for terminals")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.scratch) == [])
    }

    /// The first block of shell under a heading.
    static func session(_ heading: String, of readme: String) -> String? {
        readme.components(separatedBy: "\n## \(heading)\n").dropFirst().first?
            .firstMatch(of: /(?ms)^```sh\n(.*?)^```$/).map { String($0.1) }
    }

    /// Each tree that was drawn: its root and what hangs on it.
    static func trees(in output: String) -> [[Substring]] {
        var trees: [[Substring]] = []
        for line in output.split(separator: "\n") {
            if line.contains(/^nightly \([0-9a-f]{8}\) \[/) {
                trees.append([line])
            } else if line.contains("─ "), !trees.isEmpty {
                trees[trees.count - 1].append(line)
            }
        }
        return trees
    }
}

/// A folder in which `.build/release` is what was built beside the tests, and `clients` is ours.
struct Place {
    let root: String
    let programs: String
    let folder: URL

    /// The temporary folder of what runs here.
    var scratch: String { self.folder.appending(path: "tmp").path(percentEncoded: false) }

    init() throws {
        self.programs = TestProgram.built
        self.root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path(percentEncoded: false)
        self.folder = FileManager.default.temporaryDirectory.appending(path: "cairn-story-\(UUID())")
        let build = self.folder.appending(path: ".build")
        try FileManager.default.createDirectory(at: build, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: self.scratch, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: build.appending(path: "release").path(percentEncoded: false), withDestinationPath: self.programs)
        try FileManager.default.createSymbolicLink(
            atPath: self.folder.appending(path: "clients").path(percentEncoded: false),
            withDestinationPath: self.root + "clients")
    }

    func remove() { try? FileManager.default.removeItem(at: self.folder) }

    var readme: String {
        get throws { try String(contentsOf: URL(filePath: self.root).appending(path: "README.md"), encoding: .utf8) }
    }

    /// Runs a script as a shell would that nobody has used TRAILS in; both outputs in one.
    func bash(_ script: String, environment: [String: String]) async throws -> (code: Int32, output: String) {
        let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("TRAILS") }
            .merging(["TMPDIR": self.scratch]) { $1 }.merging(environment) { $1 }
        let program = try TestProgram(
            bash: "exec 2>&1\n\(script)", environment: environment, in: self.folder.path(percentEncoded: false),
            limit: .seconds(200))
        return (await program.wait(), program.output)
    }
}
