/// Text with holes that a context fills (spec/orchestra.md 2.11).
///
/// ```
/// {{ tool.output | trim | sh }}
/// {% if tries > 3 and not done %} … {% elif … %} … {% else %} … {% endif %}
/// {% for name in names %} {{ loop.index }} {{ name }} {% endfor %}
/// {# a remark #}
/// ```
/// `{%-` and `-%}` also take away the white space on their side.
package struct Template: Sendable, Equatable {
    let parts: [Part]

    indirect enum Part: Sendable, Equatable {
        case text(String)
        case output(Expression)
        /// Each branch with its test; the last test may be missing.
        case choice([(test: Expression?, parts: [Part])])
        case loop(variable: String, over: Expression, parts: [Part])

        static func == (left: Self, right: Self) -> Bool {
            switch (left, right) {
            case (.text(let left), .text(let right)): left == right
            case (.output(let left), .output(let right)): left == right
            case (.choice(let left), .choice(let right)):
                left.elementsEqual(right) { $0.test == $1.test && $0.parts == $1.parts }
            case (.loop(let name, let list, let parts), .loop(let otherName, let otherList, let otherParts)):
                name == otherName && list == otherList && parts == otherParts
            default: false
            }
        }
    }

    /// Reads a template.
    package init(parsing text: String) throws(TemplateError) {
        var parser = try TemplateParser(text)
        self.parts = try parser.parts()
    }
}

/// Why a template cannot be read or filled.
package struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    /// Of the tag, from 1.
    package let line: Int

    package var description: String { "\(self.message) (line \(self.line) of the template)" }
}

/// How a template is filled.
package struct TemplateRules: Sendable, Hashable {
    /// Whether a name without a value is an error, as in prompts, or empty, as in commands.
    package var isStrict: Bool
    /// Bytes of text, at most.
    package var outputMax: Int
    /// Rounds of all loops together, at most.
    package var roundsMax: Int

    package init(isStrict: Bool, outputMax: Int = 1 << 20, roundsMax: Int = 10_000) {
        self.isStrict = isStrict
        self.outputMax = outputMax
        self.roundsMax = roundsMax
    }

    package static let prompt = Self(isStrict: true)
    package static let command = Self(isStrict: false)
}

/// What a tag computes.
indirect enum Expression: Sendable, Equatable {
    case literal(TemplateValue)
    case path([String], line: Int)
    case filter(String, of: Expression, arguments: [Expression], line: Int)
    case not(Expression)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case compare(Comparison, Expression, Expression)

    enum Comparison: String, Sendable, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case moreOrEqual = ">="
        case less = "<"
        case more = ">"
        case isIn = "in"
    }
}
