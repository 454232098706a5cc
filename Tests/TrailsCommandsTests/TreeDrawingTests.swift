import Foundation
import Testing
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

@testable import TrailsCommands

/// Trees as they are drawn; `REWRITE=1 swift test --filter TreeDrawingTests` records the transcripts again.
@Suite struct TreeDrawingTests {
    static func check(_ name: String, _ drawn: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts/\(name).txt")
        if ProcessInfo.processInfo.environment["REWRITE"] == "1" {
            try drawn.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == drawn)
    }

    let plain = TreeDrawing(line: AppLine(paint: .none))

    @Test func `draws the tree of the request`() throws {
        let apps = [
            Sample.app("step3", id: "883b1733", parent: "550e8400", at: 3) { $0.progress = 0.3 },
            Sample.app("step2", id: "772a0622", parent: "550e8400", at: 2) { $0.progress = 0.6 },
            Sample.app("step1", id: "661f9511", parent: "550e8400", status: .done, at: 1),
            Sample.app("nightly-etl", presence: .detached) {
                $0.processInfo = Sample.facts("ada", "laptop", executable: AppLine.resumedExecutable)
            },
        ]
        try Self.check("the-tree-of-the-request", self.plain.draw(Sample.id("550e8400"), of: apps))
    }

    @Test func `draws every state`() throws {
        var apps = [
            Sample.app("root", status: .connected, presence: .detached) {
                $0.processInfo = Sample.facts("ada", "node-1")
            }
        ]
        for (place, status) in AppStatus.allCases.enumerated() {
            apps.append(
                Sample.app(
                    status.rawValue, id: "0000000\(place)".suffix(8).description, parent: "550e8400", status: status
                ) {
                    $0.processInfo = Sample.facts("ada", "node-2", pid: 4_711)
                    $0.message = "no space left"
                    $0.cause = status == .crashed ? "connection_drop" : nil
                    $0.isCancelling = status == .running
                })
        }
        try Self.check("every-state", self.plain.draw(Sample.id("550e8400"), of: apps))
    }

    @Test func `draws deep branches, and with only-live what leads to something live`() throws {
        let apps = [
            Sample.app("root"),
            Sample.app("monday", id: "00000001", parent: "550e8400", status: .done, at: 1),
            Sample.app("extract", id: "00000002", parent: "00000001", status: .done, at: 2),
            Sample.app("tuesday", id: "00000003", parent: "550e8400", status: .crashed, at: 3),
            Sample.app("extract", id: "00000004", parent: "00000003", at: 4),
            Sample.app("part", id: "00000005", parent: "00000004", status: .done, at: 5),
            Sample.app("load", id: "00000006", parent: "00000003", status: .error, at: 6),
            Sample.app("stranger", id: "00000007", parent: "00000009", at: 7),
        ]
        let live = TreeDrawing(line: AppLine(paint: .none), onlyLive: true)
        let top = Sample.id("550e8400")
        try Self.check("branches", self.plain.draw(top, of: apps) + "\n" + live.draw(top, of: apps))
    }

    @Test func `lets no name steer a terminal`() {
        let app = Sample.app("a\u{1B}[31m\nb\u{202E}")
        #expect(!AppLine(paint: .none).text(app).unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
    }

    @Test func `draws a thousand levels`() {
        let apps: [AppView] = (0..<1_000).map { (level: Int) -> AppView in
            let parent: String? = level == 0 ? nil : String(10_000_000 + level - 1)
            return Sample.app("n", id: String(10_000_000 + level), parent: parent)
        }
        #expect(self.plain.draw(Sample.id("10000000"), of: apps).split(separator: "\n").count == 1_000)
    }

    @Test func `paints on a terminal only, and never with NO_COLOR`() {
        let line = AppLine(paint: Paint(isOn: true)).text(Sample.app("x", status: .done))
        #expect(line == "x (550e8400) \u{1B}[32m[done ✓]\u{1B}[0m")
        #expect(Paint.forOutput(isTerminal: true, environment: [:], config: .init()).isOn)
        #expect(!Paint.forOutput(isTerminal: true, environment: ["NO_COLOR": "1"], config: .init()).isOn)
        #expect(!Paint.forOutput(isTerminal: true, environment: ["TERM": "dumb"], config: .init()).isOn)
        #expect(!Paint.forOutput(isTerminal: false, environment: [:], config: .init()).isOn)
    }
}
