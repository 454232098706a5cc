package import Vocabulary

extension Template {
    /// The text that `context` makes of this template.
    package func filled(
        from context: PipelineContext, by rules: TemplateRules
    ) throws(TemplateError) -> String {
        // Most texts name nothing of the context, which may be large.
        var filling = Filling(scope: self.isPlain ? [:] : context.nested, rules: rules)
        try filling.write(self.parts)
        return filling.output
    }

    private var isPlain: Bool {
        self.parts.allSatisfy { part in
            if case .text = part { true } else { false }
        }
    }
}

/// A template on its way to text.
private struct Filling {
    var scope: JSONObject
    let rules: TemplateRules
    private(set) var output = ""
    private var rounds = 0

    init(scope: JSONObject, rules: TemplateRules) {
        self.scope = scope
        self.rules = rules
    }

    mutating func write(_ parts: [Template.Part]) throws(TemplateError) {
        for part in parts {
            switch part {
            case .text(let text): self.output += text
            case .output(let expression): self.output += try self.defined(expression).text
            case .choice(let branches): try self.write(branches)
            case .loop(let variable, let list, let parts): try self.loop(variable, list, parts)
            }
            guard self.output.utf8.count <= self.rules.outputMax else {
                throw TemplateError(message: "the text is longer than \(self.rules.outputMax) bytes", line: 1)
            }
        }
    }

    private mutating func write(_ branches: [(test: Expression?, parts: [Template.Part])]) throws(TemplateError) {
        for (test, parts) in branches {
            if let test {
                guard try self.value(of: test).isTruthy else { continue }
            }
            return try self.write(parts)
        }
    }

    private mutating func loop(
        _ variable: String, _ list: Expression, _ parts: [Template.Part]
    ) throws(TemplateError) {
        let outer = self.scope
        let elements = try self.defined(list).elements
        for (place, element) in elements.enumerated() {
            self.rounds += 1
            guard self.rounds <= self.rules.roundsMax else {
                throw TemplateError(message: "loops of more than \(self.rules.roundsMax) rounds", line: 1)
            }
            self.scope[variable] = element
            self.scope["loop"] = [
                "index": .integer(Int64(place + 1)), "index0": .integer(Int64(place)), "first": .bool(place == 0),
                "last": .bool(place == elements.count - 1), "length": .integer(Int64(elements.count)),
            ]
            try self.write(parts)
        }
        self.scope = outer
    }

    /// A value that goes into the text must be there, if the rules are strict.
    private func defined(_ expression: Expression) throws(TemplateError) -> TemplateValue {
        let value = try self.value(of: expression)
        if self.rules.isStrict, case .undefined(let name) = value {
            throw TemplateError(message: "\(name.quotedForPeople()) is undefined", line: expression.line)
        }
        return value
    }

    private func value(of expression: Expression) throws(TemplateError) -> TemplateValue {
        switch expression {
        case .literal(let value): return value
        case .path(let steps, _): return self.value(at: steps)
        case .not(let inner): return .json(.bool(!(try self.value(of: inner).isTruthy)))
        case .and(let left, let right):
            let first = try self.value(of: left)
            return first.isTruthy ? try self.value(of: right) : first
        case .or(let left, let right):
            let first = try self.value(of: left)
            return first.isTruthy ? first : try self.value(of: right)
        case .compare(let comparison, let left, let right):
            let sides = (try self.value(of: left), try self.value(of: right))
            return .json(.bool(TemplateValue.compare(comparison, sides.0, sides.1)))
        case .filter(let name, let inner, let arguments, _):
            return try self.filtered(name, inner, arguments)
        }
    }

    private func filtered(
        _ name: String, _ inner: Expression, _ arguments: [Expression]
    ) throws(TemplateError) -> TemplateValue {
        guard let filter = TemplateFilter(rawValue: name) else { return .undefined(name) }
        let value = filter == .default ? try self.value(of: inner) : try self.defined(inner)
        var values: [TemplateValue] = []
        for argument in arguments { values.append(try self.value(of: argument)) }
        return filter.apply(to: value, values)
    }

    private func value(at steps: [String]) -> TemplateValue {
        var value: JSONValue = .object(self.scope)
        for step in steps {
            let next: JSONValue? =
                switch value {
                case .object(let object): object[step]
                case .array(let elements): Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
                default: nil
                }
            guard let next else { return .undefined(steps.joined(separator: ".")) }
            value = next
        }
        return .json(value)
    }
}

extension Expression {
    fileprivate var line: Int {
        switch self {
        case .literal, .not, .and, .or, .compare: 1
        case .path(_, let line), .filter(_, _, _, let line): line
        }
    }
}

extension PipelineContext {
    /// The context with dotted keys as maps in maps: `tool.output` is reached as tool, then output. Where a key is both
    /// a value and the beginning of another, the map wins.
    package var nested: JSONObject {
        var root = JSONObject()
        for (key, value) in self.values {
            root.nest(value, at: key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)[...])
        }
        return root
    }
}

extension JSONObject {
    fileprivate mutating func nest(_ value: JSONValue, at path: ArraySlice<String>) {
        guard let step = path.first else { return }
        guard path.count > 1 else {
            guard let known = self[step]?.object else { return self[step] = value }
            var merged = value.object ?? JSONObject()
            for (key, value) in known { merged[key] = value }
            return self[step] = .object(merged)
        }
        var inner = self[step]?.object ?? JSONObject()
        inner.nest(value, at: path.dropFirst())
        self[step] = .object(inner)
    }
}
