import PipelineCore
import Testing
import Vocabulary

@Suite struct `A template` {
    private let context = PipelineContext([
        "name": "World", "n": 3, "tool.output": "  a'b  ", "names": ["x", "y"], "map": ["k": [1, "z"]], "no": false,
        "tool": "flat", "empty": [],
    ])

    private func fill(_ text: String, _ rules: TemplateRules = .command) throws -> String {
        try Template(parsing: text).filled(from: self.context, by: rules)
    }

    @Test(arguments: [
        ("Hello {{ name }}!", "Hello World!"), ("{{tool.output|trim}}", "a'b"), ("{{ map.k.1 }}", "z"),
        ("{{ name | upper | lower }}", "world"), ("{{ names | join(\", \") }}", "x, y"), ("{{ names|length }}", "2"),
        ("{{ missing | default('d') }}", "d"), ("{{ missing }}", ""), ("{{ map | tojson }}", "{\"k\":[1,\"z\"]}"),
        ("{{ tool.output | trim | sh }}", "'a'\\''b'"), ("{{ missing | sh }}", "''"), ("a{# note #}b", "ab"),
        ("{% if n > 2 and name == 'World' %}yes{% else %}no{% endif %}", "yes"),
        ("{% if no %}1{% elif n == 3.0 %}2{% else %}3{% endif %}", "2"), ("{% if not empty %}e{% endif %}", "e"),
        ("{% if 'x' in names %}in{% endif %}{% if 'q' not in names %}out{% endif %}", "inout"),
        ("{% for i in names %}{{ loop.index }}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}", "1x,2y"),
        ("{% for i in names -%}  {{ i }}  {%- endfor %}|{{ i }}", "xy|"), ("{{ n }}{{ no }}", "3false"),
        ("{{ (missing or name) }}", "World"), ("{{ -1 }} {{ 1.5 }} {{ \"a\\\"b\" }}", "-1 1.5 a\"b"),
        ("}} %} {", "}} %} {"),
    ])
    func `is filled`(text: String, filled: String) throws {
        #expect(try self.fill(text) == filled)
    }

    @Test(arguments: [
        "{{ name", "{% if n %}", "{% endif %}", "{% for x %}{% endfor %}", "{{ name | nothing }}", "{{ 'a }}", "{{ }}",
        "{% if n %}{% else %}{% else %}{% endif %}", "{{ a b }}", "{% for i in n %}{% endif %}", "{{ (n }}",
    ])
    func `is refused`(text: String) {
        #expect(throws: TemplateError.self) { try Template(parsing: text) }
    }

    @Test func `wants every name in a prompt`() throws {
        #expect(throws: TemplateError.self) { try self.fill("\n{{ missing.name }}", .prompt) }
        #expect(throws: TemplateError.self) { try self.fill("{{ missing | upper }}", .prompt) }
        #expect(throws: TemplateError.self) { try self.fill("{% for i in missing %}{% endfor %}", .prompt) }
        #expect(try self.fill("{{ missing | default('x') }}{% if missing %}{% endif %}", .prompt) == "x")
    }

    @Test func `has limits`() {
        let rules = TemplateRules(isStrict: false, outputMax: 10, roundsMax: 3)
        #expect(throws: TemplateError.self) { try self.fill("{{ name }}{{ name }}{{ name }}", rules) }
        let loops = "{% for i in names %}{% for j in names %}{% endfor %}{% endfor %}"
        #expect(throws: TemplateError.self) { try self.fill(loops, rules) }
        let deep = String(repeating: "{% if n %}", count: 40) + String(repeating: "{% endif %}", count: 40)
        #expect(throws: TemplateError.self) { try Template(parsing: deep) }
        #expect(throws: TemplateError.self) { try Template(parsing: "{{ \(String(repeating: "(", count: 99)) }}") }
    }

    @Test func `sees a map where a dotted key and a value collide`() throws {
        #expect(try self.fill("{{ tool.output | trim }}") == "a'b")
        let merged = PipelineContext(["t.a": 1, "t": ["a": 2, "b": 3]])
        #expect(try Template(parsing: "{{ t.a }}{{ t.b }}").filled(from: merged, by: .prompt) == "13")
    }
}
