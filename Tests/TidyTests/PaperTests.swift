import Foundation
import Testing

@Suite struct `The papers` {
    @Test func `link to what is there`() throws {
        let papers = Repository.here.files(in: "") { $0.hasSuffix(".md") && !$0.hasPrefix("Tests/Fixtures/") }
        #expect(papers.contains("README.md"))
        expectNone(try papers.flatMap { try Papers.complaints(aboutLinksOf: $0, in: .here) })
    }

    @Test(arguments: ["make demo", "make test"])
    func `name the two commands`(command: String) throws {
        #expect(try Repository.here.text(of: "README.md").contains(command))
    }

    @Test func `explain the words of the house`() throws {
        let text = try Repository.here.text(of: "docs/glossary.md")
        expectNone(Papers.complaints(aboutGlossary: text))
        let words: Set = [
            "app", "live", "terminal", "ended", "working set", "incarnation", "session epoch", "cascade", "grace",
            "lease",
            "presence", "detached", "declaration", "enrolment", "tombstone", "root", "context", "originator", "fencing",
        ]
        #expect(words.subtracting(Papers.terms(ofGlossary: text)) == [])
    }

    @Test func `number the decisions without a gap`() throws {
        let numbers = try Repository.here.text(of: "docs/decisions.md").matches(of: /(?m)^## (\d+)\.\s/)
            .compactMap { Int($0.1) }
        #expect(!numbers.isEmpty && numbers == Array(1...numbers.count))
    }
}

@Suite struct `The check of the papers` {
    static func repository(_ files: [String: String]) throws -> Repository {
        let root = FileManager.default.temporaryDirectory.appending(path: "cairn-papers-\(UUID())")
        for (path, text) in files {
            let file = root.appending(path: path)
            let folder = file.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        return Repository(root: root)
    }

    @Test func `sees a link to nowhere`() throws {
        let papers = try Self.repository([
            "docs/a.md": """
            [there](../b.md#the-head), [self](#a-b), [web](https://example.org/x), `[code](none.md)`
            [no file](b.md)
            [no heading](../b.md#tail)
            # A "b"
            ```
            [fenced](none.md)
            ```
            """,
            "b.md": "## The head\n",
        ])
        defer { try? FileManager.default.removeItem(at: papers.root) }
        #expect(
            try Papers.complaints(aboutLinksOf: "docs/a.md", in: papers) == [
                "docs/a.md:2: no file b.md", "docs/a.md:3: no heading #tail in b.md",
            ])
    }

    @Test func `sees a glossary out of order and out of form`() {
        let complaints = Papers.complaints(
            aboutGlossary: "# Words\nAn introduction.\n\n**b**: x\n  more\n**a** (also): y\nc: z\n**d**:\n")
        #expect(complaints.count == 3)
        #expect(Papers.terms(ofGlossary: "**A b**: x\nnot **c**\n") == ["a b"])
    }
}

@Suite(.timeLimit(.minutes(10))) struct `The repository` {
    @Test(.enabled(if: Repository.here.has(".git")))
    func `holds nothing that was built`() throws {
        let tracked = try run(["git", "-c", "safe.directory=*", "ls-files"])
        #expect(tracked.code == 0)
        let built = tracked.output.split(separator: "\n").filter {
            $0.contains(/(^|\/)\.build|(^|\/)Package\.resolved$|\.(o|swiftmodule|pyc)$/)
        }
        #expect(built == [])
    }

    @Test func `has scripts that bash can read and anyone can start`() throws {
        let scripts = ["scripts", "examples"].flatMap { folder in
            Repository.here.files(in: folder) { !$0.hasSuffix(".md") && !$0.hasSuffix(".dot") }
        }
        #expect(scripts.contains("scripts/setup"))
        for path in scripts + [".ci/run"] {
            let file = Repository.here.root.appending(path: path).path(percentEncoded: false)
            let text = try Repository.here.text(of: path)
            #expect(text.hasPrefix("#!"), "\(path) does not say what runs it")
            #expect(FileManager.default.isExecutableFile(atPath: file), "\(path) is not executable")
            if text.hasPrefix("#!/usr/bin/env bash") || text.hasPrefix("#!/bin/") {
                #expect(try run(["bash", "-n", file]).code == 0, "\(path)")
            }
        }
    }
}
