import Foundation

/// What is wrong with the Markdown files.
enum Papers {
    /// Links to files that are not there, and to headings that their file does not have.
    static func complaints(aboutLinksOf path: String, in repository: Repository) throws -> [String] {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        return try self.links(in: try repository.text(of: path)).compactMap { line, target in
            guard target.wholeMatch(of: /[a-z]+:.*/) == nil else { return nil }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let file = parts[0].isEmpty ? path : self.normal(folder.isEmpty ? parts[0] : "\(folder)/\(parts[0])")
            guard repository.has(file) else { return "\(path):\(line): no file \(target)" }
            if parts.count > 1, file.hasSuffix(".md"),
                !self.headings(in: try repository.text(of: file)).contains(parts[1])
            {
                return "\(path):\(line): no heading #\(parts[1]) in \(file)"
            }
            return nil
        }
    }

    /// The targets of `[text](target)` outside code, with their lines counted from 1.
    static func links(in text: String) -> [(line: Int, target: String)] {
        self.prose(of: text).flatMap { number, line in
            line.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)\)/).map { (number, String($0.1)) }
        }
    }

    /// The anchors of the headings, made as GitHub makes them.
    static func headings(in text: String) -> Set<String> {
        Set(
            self.prose(of: text).filter { $0.line.hasPrefix("#") }.map { _, line in
                let title = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                return title.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .replacing(" ", with: "-")
            })
    }

    /// The lines outside fenced code, numbered from 1.
    private static func prose(of text: String) -> [(number: Int, line: String)] {
        var inFence = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            if line.hasPrefix("```") { inFence.toggle() }
            return inFence ? nil : (index + 1, String(line))
        }
    }

    private static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    /// Entries of the glossary that do not read `**term**: what it means`, are listed twice or out of order.
    static func complaints(aboutGlossary text: String) -> [String] {
        var last = ""
        var complaints: [String] = []
        let entries = self.prose(of: text).drop { !$0.line.hasPrefix("**") }
        for (number, line) in entries where !line.isEmpty && !line.hasPrefix(" ") {
            guard let match = line.prefixMatch(of: /\*\*([^*]+)\*\*(?: \([^)]*\))?: \S/) else {
                complaints.append("\(number): does not start with **term**:")
                continue
            }
            let term = String(match.1).lowercased()
            if term <= last { complaints.append("\(number): \(term) comes after \(last)") }
            last = term
        }
        return complaints
    }

    /// The words that the glossary explains.
    static func terms(ofGlossary text: String) -> Set<String> {
        Set(text.matches(of: /(?m)^\*\*([^*]+)\*\*/).map { String($0.1).lowercased() })
    }
}
