import Foundation
import Testing

@Suite struct `The sources` {
    static let all = Result { try ["Sources", "Tests"].flatMap(Repository.here.swiftFiles(in:)) }

    @Test func `stay inside the walls`() throws {
        expectNone(try Self.all.get().flatMap(Walls.complaints(about:)))
    }

    @Test func `hold nothing that is banned`() throws {
        expectNone(try Self.all.get().flatMap { Bans.complaints(about: $0) })
    }

    @Test func `say what each public thing is`() throws {
        expectNone(try Repository.here.swiftFiles(in: "Sources").flatMap(Bans.undocumented(in:)))
    }

    @Test func `use unchecked Sendable only where the list says`() throws {
        let files = try Self.all.get()
        let stale = Bans.uncheckedSendable.keys.filter { path in
            !files.contains { $0.path == path && $0.code.contains { $0.contains("@unchecked Sendable") } }
        }
        #expect(stale == [])
    }
}

@Suite struct `The scanner` {
    @Test(arguments: [
        (#"a("{ // \"") // b"#, "// b"),
        ("a /* { /* } */ \" */ b", "/* { /* } */ \" */"),
        (##"#"\("a" // "# + b"##, ""),
        ("`a \" name {` // b", "// b"),
        (#"x = /"[{]/ // b"#, "// b"),
        ("a / b // c", "// c"),
    ])
    func `finds the comments`(text: String, comment: String) {
        let file = SwiftFile(path: "A.swift", text: text)
        #expect(file.comments.joined().trimmingCharacters(in: .whitespaces) == comment)
    }

    @Test func `keeps the code inside a string and drops the string`() {
        let file = SwiftFile(path: "A.swift", text: #"print("try! { \(try! f("}")) }")"#)
        #expect(file.code == [#"print("        (try! f(" "))  ")"#])
    }

    @Test func `knows strings of many lines`() {
        let file = SwiftFile(path: "A.swift", text: "let a = \"\"\"\n    \"{\" // no comment\n    \"\"\"\nlet b = 1")
        #expect(file.comments.allSatisfy { $0.allSatisfy { $0 == " " } })
        #expect(file.code.last == "let b = 1")
        #expect(!file.code.joined().contains("{"))
    }
}

@Suite struct `The check of the walls` {
    @Test func `measures functions of every kind`() {
        let text = """
            protocol P {
                func a()
                var b: Int { get }
            }
            struct S: P {
                let c = 1
                init(
                    d: () -> Void = {}
                ) {
                    self.init()
                }
                var b: Int {
                    1
                }
                func `with a "name"`() {
                    func inner() {
                    }
                }
            }
            """
        let functions = Walls.functions(of: SwiftFile(path: "A.swift", text: text))
        #expect(functions.map(\.name) == ["var", "init", "var", "func inner", "func"])
        #expect(functions.map(\.length) == [1, 5, 3, 2, 4])
    }

    @Test func `sees a function of 71 lines, not one of 70`() {
        func text(_ lines: Int) -> String {
            "func f() {\n" + String(repeating: "    g(\"}\")\n", count: lines - 2) + "}\n"
        }
        #expect(Walls.complaints(about: SwiftFile(path: "A.swift", text: text(70))) == [])
        let complaints = Walls.complaints(about: SwiftFile(path: "A.swift", text: text(71)))
        #expect(complaints == ["A.swift:1: func f has 71 lines; the wall is 70"])
    }

    @Test(arguments: [
        ("Sources/A.swift", 500, 0), ("Sources/A.swift", 501, 1), ("Tests/A.swift", 800, 0), ("Tests/A.swift", 801, 1),
    ])
    func `sees a file that is too long`(path: String, lines: Int, count: Int) {
        let file = SwiftFile(path: path, text: String(repeating: "a\n", count: lines))
        #expect(Walls.complaints(about: file).count == count)
    }

    @Test func `sees a long line and a tab`() {
        #expect(Walls.complaints(about: SwiftFile(path: "A", text: String(repeating: "é", count: 120))) == [])
        #expect(Walls.complaints(about: SwiftFile(path: "A", text: String(repeating: "é", count: 121))).count == 1)
        #expect(Walls.complaints(about: SwiftFile(path: "A", text: "a\tb")).count == 1)
    }
}

@Suite struct `The check of the bans` {
    @Test(arguments: [
        "let a = try! f()", "fatalError( )", "Task.detached { }", "final class A: @unchecked Sendable {}",
        "a() // TODO: later", "/* FIXME */", "while a {\n    b()\n    await Task.yield()\n}",
    ])
    func `sees what is banned`(text: String) {
        #expect(Bans.complaints(about: SwiftFile(path: "A.swift", text: text)).count == 1)
    }

    @Test(arguments: ["Sources/Utils.swift", "Sources/StringHelpers.swift", "Sources/A/ConnectionManager.swift"])
    func `sees a name that says nothing`(path: String) {
        #expect(Bans.complaints(about: SwiftFile(path: path, text: "")).count == 1)
    }

    @Test(arguments: [
        "// try! is banned", "let a = \"fatalError()\"", "fatalError(\"why\")", "try? f()", "let isTODO = true",
        "while a, !Task.isCancelled { await Task.yield() }", "for a in b { await Task.yield() }",
    ])
    func `lets the rest pass`(text: String) {
        #expect(Bans.complaints(about: SwiftFile(path: "A.swift", text: text)) == [])
    }

    @Test func `lets an unchecked Sendable pass that has a reason`() {
        let file = SwiftFile(path: "A.swift", text: "extension A: @unchecked Sendable {}")
        #expect(Bans.complaints(about: file, allowing: ["A.swift": "guarded by a lock"]) == [])
    }

    @Test(arguments: [
        "public struct A {}", "// plain\npublic struct A {}", "/// doc\n\npublic func a() {}",
        "public init(a: Int) {\n    self.a = a + 1\n}", "public private(set) var a = 1", "@frozen public enum A {}",
        "final public class A {}",
    ])
    func `sees a public thing without a word`(text: String) {
        #expect(Bans.undocumented(in: SwiftFile(path: "A.swift", text: text)).count == 1)
    }

    @Test(arguments: [
        "/// What it is.\npublic struct A {}", "/// What it is.\n@frozen\npublic enum A {}", "public import Foundation",
        "public init(a: Int) {\n    self.a = a\n}", "public static func < (left: A, right: A) -> Bool { true }",
        "package struct A {}", "let a = \"\"\"\n    public struct A {}\n    \"\"\"",
        "/** What it is. */\npublic var a = 1", "public init(nilLiteral: ()) {}", "public var endIndex: Int { 0 }",
    ])
    func `is content with a word`(text: String) {
        #expect(Bans.undocumented(in: SwiftFile(path: "A.swift", text: text)) == [])
    }
}
