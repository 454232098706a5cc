import AgentCore
import HashTreeCollections
import Testing
import Vocabulary

@Suite struct `Names of agents` {
    @Test(arguments: [
        "a", "Worker-1", "a.b_c", "~".replacing("~", with: "x"), String(repeating: "a", count: 64), "user1", "0",
    ])
    func `are taken`(name: String) {
        #expect(AgentLabel.isValid(name))
    }

    @Test(arguments: [
        "", "p/q", "USER", "user", "System", "a b", "é", "~", ".", "..", "a\n", String(repeating: "a", count: 65),
        "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef",
    ])
    func `are refused`(name: String) {
        #expect(!AgentLabel.isValid(name))
    }

    /// Under `r`: `a` with children `x` and `y`, and `b`; a second root `s`.
    static func family() throws -> Colony {
        var colony = Colony()
        let r = try colony.root("r")
        let a = try colony.create("a", under: r)
        _ = try colony.create("b", under: r)
        for name in ["x", "y"] { _ = try colony.create(name, under: a) }
        _ = try colony.root("s")
        return colony
    }

    @Test(arguments: [
        (nil, "r", false), (nil, "s", false), (nil, "a", true), ("r", "r", false), ("r", "a", false),
        ("r", "x", false), ("r", "s", true), ("r", "c", true), ("r/a", "x", false), ("r/a", "a", false),
        ("r/a", "r", false), ("r/a", "b", false), ("r/b", "x", true), ("r/b", "a", false), ("r/a/x", "y", false),
        ("r/a/x", "a", false), ("r/a/x", "r", true), ("s", "a", true),
    ])
    func `mean one agent within a hop (W-22)`(parent: String?, name: String, isFree: Bool) throws {
        var colony = try Self.family()
        let above = try parent.map { try colony.tree.resolve($0) }
        if isFree {
            _ = try colony.create(name, under: above)
            expectNone(Invariants.violations(of: colony.tree))
        } else {
            #expect(throws: AgentRefusal.nameTaken(name)) { try colony.create(name, under: above) }
        }
    }

    @Test func `are free again after an end`() throws {
        var colony = try Self.family()
        let b = colony.agent("b")
        #expect(throws: AgentRefusal.self) { try colony.create("b", under: colony.agent("r")) }
        try colony.perform(.terminate(b, isRecursive: false))
        let again = try colony.create("b", under: colony.agent("r"))
        #expect(again != b)
        #expect(try colony.tree.resolve("b") == again)
        try colony.perform(.terminate(colony.agent("x"), isRecursive: false))
        _ = try colony.create("x", under: colony.agent("r"))
    }

    @Test func `are resolved by path, by name, by id`() throws {
        var colony = try Self.family()
        let (a, x) = (colony.agent("a"), colony.agent("r/a/x"))
        #expect(try colony.tree.resolve("x") == x)
        #expect(try colony.tree.resolve(x.hex) == x)
        #expect(try colony.tree.resolve(x.description) == x)
        let other = try colony.create("x", under: colony.agent("s"))
        #expect(throws: AgentRefusal.ambiguousReference("x", ["r/a/x", "s/x"])) { try colony.tree.resolve("x") }
        #expect(try colony.tree.resolve("s/x") == other)
        #expect(colony.tree.path(of: x) == "r/a/x")
        #expect(throws: AgentRefusal.unknownReference("")) { try colony.tree.resolve("") }
        #expect(throws: AgentRefusal.unknownReference("a/x")) { try colony.tree.resolve("a/x") }
        #expect(throws: AgentRefusal.unknownReference("nobody")) { try colony.tree.resolve("nobody") }
        #expect(try colony.tree.resolve("a") == a)
    }

    @Test func `keep the order in which agents were made, in the same millisecond too`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "p", key: nil))
        let names = (1...20).map { "w\($0)" }
        for name in names { _ = try colony.spawn(root, name) }
        try colony.end(root)
        let children = colony.tree.nodes[root]!.children
        for child in children.reversed() { try colony.perform(.materialised(child, reference: nil)) }
        colony.crash()
        #expect(colony.tree.nodes[root]!.children == children)
        #expect(children.compactMap { colony.tree.nodes[$0]?.name } == names)
    }
}
