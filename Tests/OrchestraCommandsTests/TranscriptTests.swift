import Foundation
import Testing

/// The real program; `REWRITE=1 swift test --filter OrchestraCommandsTests` records the stories again.
@Suite(.timeLimit(.minutes(15))) struct `A session with orchestra` {
    @Test(arguments: ["compile", "graph"])
    func `goes as it is told`(name: String) throws {
        let file = Play.stories.appending(path: "\(name).txt")
        let told = try String(contentsOf: file, encoding: .utf8)
        let scenes = try told.split(separator: "\n\n").map { scene -> String in
            let lines = scene.split(separator: "\n").map(String.init).prefix { $0 != "----" }
            let script = lines.filter { $0.hasPrefix("$ ") }.map { $0.dropFirst(2) }.joined(separator: "\n")
            // An empty line would end the scene.
            let said = try Play.play(script).replacing("\n\n", with: "\n.\n").trimmingCharacters(in: .newlines)
            return (lines + ["----", said]).joined(separator: "\n")
        }
        let played = scenes.joined(separator: "\n\n") + "\n"
        if ProcessInfo.processInfo.environment["REWRITE"] == "1" {
            try played.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(played == told)
        }
    }

    @Test func `draws with the program dot, and says what that says`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-graphviz-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let dot = folder.appending(path: "dot")
        try "#!/bin/sh\necho \"drawn by $1\"; cat \"$2\"\n".write(to: dot, atomically: true, encoding: .utf8)
        let review = Play.stories.appending(path: "review.dot").path
        let script =
            "chmod +x dot; PATH=$PWD:$PATH orchestra graph \(review) --format svg -o a.svg; head -2 a.svg"
        #expect(try Play.play(script, in: folder) == "drawn by -Tsvg\ndigraph Review {\n")
        try "#!/bin/sh\necho 'no fonts' >&2; exit 3\n".write(to: dot, atomically: true, encoding: .utf8)
        let said = try Play.play("chmod +x dot; PATH=$PWD:$PATH orchestra graph \(review) --format png", in: folder)
        #expect(said.hasPrefix("orchestra: error: dot did not draw the graph: no fonts") && said.hasSuffix("exit 1\n"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completes commands in a shell`(shell: String) throws {
        #expect(try Play.play("orchestra completions \(shell)").contains("compile"))
    }

    @Test func `keeps up with a reader that leaves`() throws {
        #expect(try Play.play("orchestra compile --json doubtful.dot | head -1") == "{\n")
    }
}
