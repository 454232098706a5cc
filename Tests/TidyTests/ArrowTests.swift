import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct `The arrows of the house` {
    @Test func `point down`() {
        expectNone(Arrows.complaints(aboutTable: House.rooms))
    }

    @Test func `are those of Package.swift`() throws {
        expectNone(Arrows.complaints(about: try Manifest.read(from: .here), rooms: House.rooms))
    }

    @Test func `are those of the imports`() throws {
        let manifest = try Manifest.read(from: .here)
        let files = try Repository.here.swiftFiles(in: "Sources")
        #expect(!files.isEmpty)
        expectNone(files.flatMap { Arrows.complaints(about: $0, in: manifest, rooms: House.rooms) })
    }
}

@Suite struct `The check of the arrows` {
    static let rooms: [House.Room] = [
        .core("Words", "Ground", imports: ["FoundationEssentials"]),
        .shell("Disk", "Ground", uses: ["Words"]),
        .core("Core", "Trees", uses: ["Words"]),
    ]
    static let manifest = Manifest(targets: [
        .init(name: "Words", path: "Sources/Ground/Words", isTest: false, dependencies: []),
        .init(name: "Disk", path: "Sources/Ground/Disk", isTest: false, dependencies: ["Words", "NIOCore"]),
        .init(name: "Core", path: "Sources/Trees/Core", isTest: false, dependencies: ["Words"]),
    ])

    @Test func `is content with a tidy house`() {
        #expect(Arrows.complaints(aboutTable: Self.rooms) == [])
        #expect(Arrows.complaints(about: Self.manifest, rooms: Self.rooms) == [])
        let file = SwiftFile(
            path: "Sources/Ground/Disk/A.swift",
            text: "package import Words\nimport NIOCore\n@testable import Foundation\nimport struct Glibc.stat\n")
        #expect(Arrows.complaints(about: file, in: Self.manifest, rooms: Self.rooms) == [])
    }

    @Test func `sees an arrow that points up`() {
        let rooms: [House.Room] = [.shell("Disk", "Ground", uses: ["Core"]), .core("Core", "Trees")]
        #expect(Arrows.complaints(aboutTable: rooms) == ["Disk -> Core points up, or nowhere"])
    }

    @Test(arguments: [
        ("Core", "Sources/Trees/Core", ["Words", "Disk"], "Core -> Disk: no such arrow in the table of rooms"),
        ("Core", "Sources/Trees/Core", ["NIOCore"], "Core -> NIOCore: a core may not depend on that"),
        ("Core", "Sources/Ground/Core", ["Words"], "Core: is in Sources/Ground/Core, not in Sources/Trees/Core"),
        ("Shed", "Sources/Trees/Shed", [], "Shed: not in the table of rooms (Tests/TidyTests/House.swift)"),
    ])
    func `sees a wrong target`(name: String, path: String, dependencies: [String], complaint: String) {
        let others = Self.manifest.targets.filter { $0.name != name }
        let target = Manifest.Target(name: name, path: path, isTest: false, dependencies: dependencies)
        #expect(Arrows.complaints(about: Manifest(targets: others + [target]), rooms: Self.rooms) == [complaint])
    }

    @Test(arguments: [
        ("Sources/Trees/Core/A.swift", "import Foundation", "Core is a core and may not import Foundation"),
        ("Sources/Trees/Core/A.swift", "@preconcurrency import NIOCore", "Core is a core and may not import NIOCore"),
        ("Sources/Trees/Core/A.swift", "internal import Glibc", "Core is a core and may not import Glibc"),
        ("Sources/Trees/Core/A.swift", "import Logging", "Core is a core and may not import Logging"),
        ("Sources/Trees/Core/A.swift", "package import Disk", "imports Disk, which Core does not declare"),
        ("Sources/Ground/Disk/A.swift", "import Crypto", "imports Crypto, which Disk does not declare"),
        ("Sources/Nowhere/A.swift", "", "belongs to no target"),
    ])
    func `sees a wrong import`(path: String, text: String, complaint: String) {
        let found = Arrows.complaints(about: SwiftFile(path: path, text: text), in: Self.manifest, rooms: Self.rooms)
        #expect(found == ["\(path):1: \(complaint)"])
    }

    @Test func `takes Foundation for its essentials where only the whole is there`() {
        let text = """
            #if canImport(FoundationEssentials)
            import FoundationEssentials
            #else
            import Foundation
            #endif
            """
        let file = SwiftFile(path: "Sources/Ground/Words/A.swift", text: text)
        #expect(Arrows.complaints(about: file, in: Self.manifest, rooms: Self.rooms) == [])
    }

    @Test func `reads what SwiftPM prints`() throws {
        let json = """
            {"targets": [{"name": "A", "path": "Sources/A", "type": "regular", "dependencies": [
                {"byName": ["B", null]}, {"product": ["NIOCore", "swift-nio", null, null]}]}]}
            """
        let target = try #require(try Manifest(json: Data(json.utf8)).targets.first)
        #expect(target.dependencies == ["B", "NIOCore"])
        #expect(target.path == "Sources/A" && !target.isTest)
    }
}
