import Foundation

/// What no source file may hold, and what every public declaration must.
enum Bans {
    /// Where `@unchecked Sendable` stands, and why the compiler cannot see that it is safe.
    static let uncheckedSendable: [String: String] = [:]

    static func complaints(about file: SwiftFile, allowing unchecked: [String: String] = uncheckedSendable) -> [String]
    {
        self.badName(file) + self.badCode(file, allowing: unchecked) + self.badComments(file)
    }

    private static func badName(_ file: SwiftFile) -> [String] {
        let name = file.path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
        return ["Utils", "Utilities", "Helpers", "Helper", "Common", "Manager"].filter { name.hasSuffix($0) }
            .map { file.complaint(0, "a file called \($0) says nothing about what is in it") }
    }

    private static func badCode(_ file: SwiftFile, allowing unchecked: [String: String]) -> [String] {
        file.code.enumerated().flatMap { index, line in
            var complaints: [String] = []
            if line.contains("try!"), line.contains(/\btry!/) { complaints.append(file.complaint(index, "try!")) }
            if line.contains("fatalError"), line.contains(/\bfatalError\(\s*\)/) {
                complaints.append(file.complaint(index, "fatalError() without a word"))
            }
            if line.contains("detached"), line.contains(/\bTask\s*\.\s*detached\b/) {
                complaints.append(file.complaint(index, "Task.detached"))
            }
            if line.contains("@unchecked"), line.contains(/@unchecked\s+Sendable/), unchecked[file.path] == nil {
                complaints.append(file.complaint(index, "@unchecked Sendable without a reason in Bans.swift"))
            }
            if line.contains("Task.yield()"), self.waitsForEver(file.code[...index]) {
                complaints.append(file.complaint(index, "a loop that does not end when its task is cancelled"))
            }
            return complaints
        }
    }

    /// Whether the last line is in a `while` that never looks whether its task is cancelled.
    private static func waitsForEver(_ code: ArraySlice<String>) -> Bool {
        let start = code.suffix(12).lastIndex { $0.contains(/\b(while|for|func)\b/) }
        guard let start, code[start].contains(/\bwhile\b/) else { return false }
        return !code[start...].contains { $0.contains(/isCancelled|checkCancellation/) }
    }

    private static func badComments(_ file: SwiftFile) -> [String] {
        file.comments.enumerated().compactMap { index, line in
            // Looked for as they are first: a regex is read again for each line.
            ["TODO", "FIXME", "XXX"].contains(where: line.contains) && line.contains(/\b(TODO|FIXME|XXX)\b/)
                ? file.complaint(index, "unfinished work belongs in an issue") : nil
        }
    }

    /// Public declarations without a doc comment.
    ///
    /// Left out: what a protocol of the standard library already explains, and initialisers that only copy their
    /// arguments, whose properties say it.
    static func undocumented(in file: SwiftFile) -> [String] {
        file.code.enumerated().compactMap { index, line in
            guard line.contains("public") || line.contains("open"),
                line.contains(/^\s*((@\S+|static|final|nonisolated|override|indirect)\s+)*(public|open)\s/),
                !line.contains(/^\s*public\s+import\b/),
                !line.contains(/^\s*public\s+extension\b/), !self.isExplainedByItsProtocol(line),
                !self.isMemberwise(file, at: index)
            else { return nil }
            let above = (0..<index).reversed().first { row in
                let isAttribute = file.code[row].contains(/^\s*@/)
                return !isAttribute
            }
            guard let above, file.comments[above].contains(/^\s*(\/\/\/|.*\*\/)/) else {
                return file.complaint(index, "public, and no doc comment")
            }
            return nil
        }
    }

    private static func isExplainedByItsProtocol(_ line: String) -> Bool {
        line.contains(/\bfunc (<|==|hash\(into|encode\(to)/)
            || line.contains(/\binit\((from decoder|\w+Literal\b)/)
            || line.contains(/\bvar (description|debugDescription|hashValue|errorDescription)\s*:/)
            || line.contains(/\bvar (startIndex|endIndex)\s*:|\bsubscript\(position:/)
    }

    private static func isMemberwise(_ file: SwiftFile, at start: Int) -> Bool {
        guard file.code[start].contains(/\binit\s*\(/),
            let open = (start..<file.code.count).first(where: { file.code[$0].contains(/\{\s*$/) })
        else { return false }
        let body = file.code[(open + 1)...].prefix { !$0.contains(/^\s*\}/) }
        return !body.isEmpty && body.allSatisfy { $0.contains(/^\s*self\.\w+ = \w+\s*$/) }
    }
}
