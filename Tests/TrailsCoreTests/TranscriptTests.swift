import Foundation
import Testing

/// The stories of `Transcripts`; `REWRITE=1 swift test --filter TranscriptTests` records them again.
@Suite struct `A story` {
    @Test(arguments: [
        "a-detached-shell-cancelled", "a-late-register", "a-lease-of-a-shell", "a-parent-that-dies-and-comes-back",
        "a-restarted-pod", "a-server-that-restarts", "a-stolen-trails-info", "the-cancel-of-a-subtree",
    ])
    func `ends as it is told`(name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts/\(name).txt")
        let told = try String(contentsOf: file, encoding: .utf8)
        let played = Self.play(told)
        if ProcessInfo.processInfo.environment["REWRITE"] == "1" {
            try played.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(played == told)
        }
    }

    /// Scenes are apart by an empty line: comments, commands, `----`, answers.
    private static func play(_ story: String) -> String {
        var stage = Stage()
        let scenes = story.split(separator: "\n\n").map { scene -> String in
            let lines = scene.split(separator: "\n").map(String.init).prefix { $0 != "----" }
            let answers = lines.filter { !$0.hasPrefix("#") }.map { stage.play($0) }
            guard !answers.isEmpty else { return lines.joined(separator: "\n") }
            return (lines + ["----"] + answers).joined(separator: "\n")
        }
        return scenes.joined(separator: "\n\n") + "\n"
    }
}
