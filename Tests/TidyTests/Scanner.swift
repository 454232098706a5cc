/// Splits Swift source into code and comments, so that a brace in a string is no brace.
///
/// Knows line and nested block comments, strings of one and many lines, raw strings, code inside `\( )`, names in back
/// ticks, and regular expressions between slashes. What belongs to the other view becomes blanks; line ends and the
/// quotes around a string stay.
struct Scanner {
    private let text: [Unicode.Scalar]
    private var position = 0
    private(set) var code: [Unicode.Scalar] = []
    private(set) var comments: [Unicode.Scalar] = []

    init(_ text: String) {
        self.text = Array(text.unicodeScalars)
    }

    private enum View { case code, comment, neither }

    mutating func scan() {
        self.scanCode(untilParenthesis: false)
    }

    /// Scans code to the end of the file, or to the `)` that closes an interpolation.
    private mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while let next = self.peek() {
            switch next {
            case "/" where self.starts(with: "//"): self.takeLineComment()
            case "/" where self.starts(with: "/*"): self.takeBlockComment()
            case "/" where self.startsRegex(): self.takeRegex()
            case "`": self.takeQuotedName()
            case "\"", "#":
                let hashes = self.count("#")
                if self.peek(hashes) == "\"" {
                    self.takeString(hashes: hashes)
                } else {
                    self.take(max(hashes, 1), as: .code)
                }
            case ")" where untilParenthesis && depth == 0:
                return
            default:
                if next == "(" { depth += 1 }
                if next == ")" { depth -= 1 }
                self.take(1, as: .code)
            }
        }
    }

    private mutating func takeLineComment() {
        while let next = self.peek(), next != "\n" { self.take(1, as: .comment) }
    }

    private mutating func takeBlockComment() {
        var depth = 0
        repeat {
            if self.starts(with: "/*") {
                depth += 1
                self.take(2, as: .comment)
            } else if self.starts(with: "*/") {
                depth -= 1
                self.take(2, as: .comment)
            } else {
                self.take(1, as: .comment)
            }
        } while depth > 0 && self.peek() != nil
    }

    private mutating func takeQuotedName() {
        self.take(1, as: .neither)
        while let next = self.peek(), next != "`", next != "\n" { self.take(1, as: .neither) }
        self.take(1, as: .neither)
    }

    private mutating func takeString(hashes: Int) {
        let quotes = self.starts(with: "\"\"\"", at: hashes) ? 3 : 1
        let close = String(repeating: "\"", count: quotes) + String(repeating: "#", count: hashes)
        let escape = "\\" + String(repeating: "#", count: hashes)
        self.take(hashes + quotes, as: .code)
        while let next = self.peek() {
            if self.starts(with: close) { return self.take(close.count, as: .code) }
            if quotes == 1 && next == "\n" { return }
            if self.starts(with: escape) {
                self.take(escape.count, as: .neither)
                if self.peek() == "(" {
                    self.take(1, as: .code)
                    self.scanCode(untilParenthesis: true)
                    self.take(1, as: .code)
                } else {
                    self.take(1, as: .neither)
                }
            } else {
                self.take(1, as: .neither)
            }
        }
    }

    /// A slash starts a regular expression where a value may start, and where its end is on the same line.
    private func startsRegex() -> Bool {
        guard let first = self.peek(1), !" \t\n=/*".unicodeScalars.contains(first) else { return false }
        let before = self.code.last { !" \t".unicodeScalars.contains($0) } ?? "\n"
        guard "(,=:[!&|{\n".unicodeScalars.contains(before) else { return false }
        return self.text[(self.position + 1)...].prefix { $0 != "\n" }.contains("/")
    }

    private mutating func takeRegex() {
        self.take(1, as: .neither)
        while let next = self.peek(), next != "\n" {
            self.take(next == "\\" ? 2 : 1, as: .neither)
            if next == "/" { return }
        }
    }

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        self.position + ahead < self.text.count ? self.text[self.position + ahead] : nil
    }

    private func starts(with word: String, at ahead: Int = 0) -> Bool {
        self.text.dropFirst(self.position + ahead).starts(with: word.unicodeScalars)
    }

    private func count(_ scalar: Unicode.Scalar) -> Int {
        self.text[self.position...].prefix { $0 == scalar }.count
    }

    private mutating func take(_ count: Int, as view: View) {
        for scalar in self.text[self.position...].prefix(count) {
            let blank: Unicode.Scalar = scalar == "\n" ? "\n" : " "
            self.code.append(view == .code ? scalar : blank)
            self.comments.append(view == .comment ? scalar : blank)
        }
        self.position = min(self.position + count, self.text.count)
    }
}
