import TestKit

/// Writes pipeline files at random, by the grammar of spec/orchestra.md 1.2.
struct GraphWriter {
    var dice: SplitMix64

    mutating func file() -> String {
        "digraph \(self.identifier()) {\(self.blank())" + self.items(depth: 0) + "}\(self.blank())"
    }

    private mutating func items(depth: Int) -> String {
        (0..<Int.random(in: 0...6, using: &self.dice)).map { _ in self.item(depth: depth) + self.blank() }.joined()
    }

    private mutating func item(depth: Int) -> String {
        let end = self.dice.chance(0.5) ? ";" : " "
        switch Int.random(in: 0..<10, using: &self.dice) {
        case 0: return self.dice.pick(["graph", "node", "edge"]) + self.attributes() + end
        case 1: return self.attribute() + end
        case 2 where depth < 4:
            let name = self.dice.chance(0.5) ? " s1" : ""
            return "subgraph\(name) {\(self.blank())" + self.items(depth: depth + 1) + "}" + end
        case 3 where depth > 0: return "label=" + self.string() + end
        case 4...6:
            let more = (0..<Int.random(in: 1...3, using: &self.dice)).map { _ in "->" + self.blank() + self.node() }
            return self.node() + self.blank() + more.joined() + (self.dice.chance(0.5) ? self.attributes() : "") + end
        default: return self.node() + (self.dice.chance(0.6) ? self.attributes() : "") + end
        }
    }

    private mutating func attributes() -> String {
        let list = (0..<Int.random(in: 1...3, using: &self.dice)).map { _ in self.attribute() }
        return " [" + list.joined(separator: "," + self.blank()) + "]"
    }

    private mutating func attribute() -> String {
        let key = self.dice.pick(["label", "shape", "goal", "a.b", "\"a.b\"", "\"odd key\"", "human.default_choice"])
        return key + self.blank() + "=" + self.blank() + self.value()
    }

    private mutating func value() -> String {
        switch Int.random(in: 0..<4, using: &self.dice) {
        case 0: self.string()
        case 1: self.dice.pick(["true", "false", "0", "-3", "1.5", "-.25", "900s", "250ms", "1d"])
        default: self.dice.pick(["box", "wait.human", "claude-opus-4", "summary:high", "Node", "graph", "x_1"])
        }
    }

    private mutating func string() -> String {
        let parts = [
            "a", " ", "é", "😀", "\\n", "\\\"", "\\\\", "\\t", "\\r", "\n", "--", "//", "digraph", "{", "]", "N",
        ]
        return "\"" + (0..<Int.random(in: 0...6, using: &self.dice)).map { _ in self.dice.pick(parts) }.joined() + "\""
    }

    private mutating func node() -> String { self.dice.pick(["a", "b", "c", "start", "Exit_1", "_x", "Graph"]) }

    private mutating func identifier() -> String { self.dice.pick(["G", "_g1", "Review", "Node"]) }

    private mutating func blank() -> String {
        self.dice.pick([" ", "\n", "\r\n", "\t", " // -- }\n", "/* \" { */", " "])
    }
}
