import PipelineCore
import Testing
import Vocabulary

@Suite struct `A condition` {
    private let subject = ConditionSubject(
        outcome: .partialSuccess, preferredLabel: "Fix it",
        context: PipelineContext([
            "a": "x", "n": 3, "d": 1.5, "yes": true, "no": false, "nothing": nil, "list": [1, "b"],
            "map": ["b": 1, "a": 2], "context.deep": "inner", "deep": "outer", "human.gate.selected": "A", "zero": 0,
            "empty": "",
        ]))

    @Test(arguments: [
        "", "  ", "outcome=partial_success", "outcome != fail", "a=x && n=3", "preferred_label=\"Fix it\"", "d=1.5",
        "yes=true", "yes", "no=false", "nothing=\"\"", "missing=\"\"", "list=\"[1,\\\"b\\\"]\"",
        "map=\"{\\\"a\\\":2,\\\"b\\\":1}\"", "context.deep=inner", "context.human.gate.selected=A", "context.n=3",
        "human.gate.selected!=B", "n!=-1", "a=\"x\"",
    ])
    func `is true`(text: String) throws {
        #expect(try Condition(parsing: text).isTrue(of: self.subject))
    }

    @Test(arguments: ["outcome=PARTIAL_SUCCESS", "no", "zero", "empty", "nothing", "missing", "a=X", "n=3.0", "a!=x"])
    func `is false`(text: String) throws {
        #expect(try !Condition(parsing: text).isTrue(of: self.subject))
    }

    @Test(arguments: [
        ("a==b", 3), ("a || b", 3), ("!a", 1), ("a<b", 2), ("a>1", 2), ("a &&", 5), ("a b", 3), ("a=b.", 4),
        ("a=b;", 4),
        ("a=", 3), ("a=\"x", 5), ("a=\"\\q\"", 5), ("=a", 1), ("a.=b", 3), ("a=1.", 5), ("a=3b", 4), ("&& a", 1),
        ("a & b", 3), ("a=b c", 5),
    ])
    func `is refused at the right place`(text: String, column: Int) {
        let error = #expect(throws: ConditionError.self) { try Condition(parsing: text) }
        #expect(error?.column == column)
    }

    @Test(arguments: ["a", "a=b && c!=\"d e\"", "x.y.z=\"\\\"\\\\\\n\"", "outcome=success", "a=\"\""])
    func `reads its own text form`(text: String) throws {
        let condition = try Condition(parsing: text)
        #expect(try Condition(parsing: condition.description) == condition)
    }
}
