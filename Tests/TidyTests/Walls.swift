/// How long files, functions and lines may be.
enum Walls {
    static let fileMax = 500
    static let testFileMax = 800
    static let functionMax = 70
    static let columnMax = 120

    static func complaints(about file: SwiftFile) -> [String] {
        let limit = file.path.hasPrefix("Tests/") ? self.testFileMax : self.fileMax
        var complaints: [String] = []
        if file.lines.count > limit {
            complaints.append(file.complaint(limit, "the file has \(file.lines.count) lines; the wall is \(limit)"))
        }
        for function in self.functions(of: file) where function.length > self.functionMax {
            complaints.append(
                file.complaint(
                    function.line, "\(function.name) has \(function.length) lines; the wall is \(self.functionMax)"))
        }
        for (index, line) in file.lines.enumerated() {
            if line.unicodeScalars.count > self.columnMax {
                complaints.append(file.complaint(index, "\(line.unicodeScalars.count) columns; the wall is 120"))
            }
            if line.contains("\t") { complaints.append(file.complaint(index, "a tab")) }
        }
        return complaints
    }

    struct Function: Equatable {
        let name: String
        /// Counted from 0.
        let line: Int
        /// From the line of its keyword to that of its closing brace.
        let length: Int
    }

    /// The functions, initialisers, subscripts and computed properties of `file`, inner ones too.
    ///
    /// A body is the first `{` after the keyword outside all parentheses; a keyword whose declaration ends without one
    /// (a requirement of a protocol, a stored property) has none.
    static func functions(of file: SwiftFile) -> [Function] {
        var found: [Function] = []
        var open: [(name: String, line: Int)?] = []
        var waiting: (name: String, line: Int)?
        var parentheses: [Int] = [0]
        for (index, line) in file.code.enumerated() {
            for token in Self.tokens(of: line) {
                switch token {
                case "(", "[": parentheses[parentheses.count - 1] += 1
                case ")", "]": parentheses[parentheses.count - 1] -= 1
                case "{":
                    let isBody = parentheses.last == 0
                    open.append(isBody ? waiting : nil)
                    if isBody { waiting = nil }
                    parentheses.append(0)
                case "}":
                    if parentheses.count > 1 { parentheses.removeLast() }
                    if parentheses.last == 0 { waiting = nil }
                    if let ended = open.popLast() ?? nil {
                        found.append(Function(name: ended.name, line: ended.line, length: index - ended.line + 1))
                    }
                case _ where parentheses.last == 0 && self.keywords.contains(token): waiting = (token, index)
                case _ where parentheses.last == 0 && waiting?.name == "func": waiting?.name = "func \(token)"
                default: break
                }
            }
            if parentheses.last == 0, let name = waiting?.name, self.endingWithTheirLine.contains(name) {
                waiting = nil
            }
        }
        return found
    }

    private static let keywords: Set<String> = ["func", "init", "deinit", "subscript", "var", "let", "case"]
    private static let endingWithTheirLine: Set<String> = ["var", "let", "case"]

    /// The words and brackets of a line; a word after a dot (`self.init`) is left out.
    private static func tokens(of line: String) -> [String] {
        var tokens: [String] = []
        var word = ""
        var before: Character = " "
        for character in line + " " {
            if character.isLetter || character.isNumber || character == "_" {
                word.append(character)
                continue
            }
            if !word.isEmpty {
                if before != "." { tokens.append(word) }
                word = ""
            }
            if "(){}[]".contains(character) { tokens.append(String(character)) }
            before = character
        }
        return tokens
    }
}
