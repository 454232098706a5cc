import Foundation
import ProgramKit
import Testing

/// The files of this repository, as they lie on disk. Paths are relative to its root and use slashes.
struct Repository {
    let root: URL

    /// The repository that holds this file.
    static let here = Self(
        root: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent())

    /// Every file below `folder` whose name `isWanted`, sorted; hidden folders such as `.build` are left out.
    func files(in folder: String, where isWanted: (String) -> Bool) -> [String] {
        let start = folder.isEmpty ? self.root : self.root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(atPath: start.path(percentEncoded: false)) else { return [] }
        var found: [String] = []
        for case let path as String in walk {
            if path.split(separator: "/").last?.first == "." {
                walk.skipDescendants()
            } else if walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular, isWanted(path) {
                found.append(folder.isEmpty ? path : "\(folder)/\(path)")
            }
        }
        return found.sorted()
    }

    func text(of path: String) throws -> String {
        try String(contentsOf: self.root.appending(path: path), encoding: .utf8)
    }

    func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: self.root.appending(path: path).path(percentEncoded: false))
    }

    /// The Swift files of `folder`, read.
    func swiftFiles(in folder: String) throws -> [SwiftFile] {
        try self.files(in: folder) { $0.hasSuffix(".swift") }.map { SwiftFile(path: $0, text: try self.text(of: $0)) }
    }
}

/// A Swift file as the checks see it: three views with the same lines.
struct SwiftFile {
    let path: String
    /// What was written.
    let lines: [String]
    /// Only the code: strings and comments are blanks.
    let code: [String]
    /// Only the comments: all else is blanks.
    let comments: [String]

    init(path: String, text: String) {
        var scanner = Scanner(text)
        scanner.scan()
        self.path = path
        self.lines = Self.lines(of: text)
        self.code = Self.lines(of: String(String.UnicodeScalarView(scanner.code)))
        self.comments = Self.lines(of: String(String.UnicodeScalarView(scanner.comments)))
    }

    private static func lines(of text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.last == "" ? lines.dropLast() : lines
    }

    /// A complaint about the line at `index`, as compilers write them.
    func complaint(_ index: Int, _ what: String) -> String {
        "\(self.path):\(index + 1): \(what)"
    }
}

/// How a child process ended and what it printed.
struct ProcessEnd {
    let code: Int32
    let output: String
}

/// Runs a program of PATH for at most `seconds`; its standard error goes where ours goes.
func run(_ command: [String], seconds: Int = 60, in folder: URL = Repository.here.root) throws -> ProcessEnd {
    let program = try TestProgram(command, in: folder.path, limit: .seconds(seconds))
    let code = program.waitHere()
    FileHandle.standardError.write(Data(program.errors.utf8))
    return ProcessEnd(code: code, output: program.output)
}

/// Fails once for each complaint, so that a report lists them all.
func expectNone(_ complaints: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for complaint in complaints { Issue.record("\(complaint)", sourceLocation: sourceLocation) }
}
