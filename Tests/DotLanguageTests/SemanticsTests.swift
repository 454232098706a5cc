import DotLanguage
import Testing

/// Each rule of spec/orchestra.md 1.3.
@Suite struct `A graph` {
    @Test func `takes attributes from both forms, the later wins`() throws {
        let made = try graph(#"graph [goal="a", label=l] goal="b"; graph [max_steps=3] "x.y"=1 z.w=2"#)
        #expect(made.attributes.all.map(\.key) == ["goal", "label", "max_steps", "x.y", "z.w"])
        #expect(made.attributes.texts == ["goal": "b", "label": "l", "max_steps": "3", "x.y": "1", "z.w": "2"])
        #expect(made.attributes.all.map(\.isKeyQuoted) == [false, false, false, true, false])
    }

    @Test func `keeps its attributes from those of a subgraph`() throws {
        let made = try graph("label=outer subgraph s { label=inner goal=x graph [rankdir=LR] a }")
        #expect(made.attributes.texts == ["label": "outer"])
        #expect(try made.node("a").attributes.all.isEmpty)
    }

    @Test func `keeps parallel edges and edges to oneself, in order`() throws {
        #expect(try graph("a->b a->b b->b a->b [weight=2]").arrows == ["a->b", "a->b", "b->b", "a->b"])
    }

    @Test func `splits a chain`() throws {
        let made = try graph("edge [weight=1, label=d] a -> b -> c -> a [label=x]")
        #expect(made.arrows == ["a->b", "b->c", "c->a"])
        for edge in made.edges { #expect(edge.attributes.texts == ["weight": "1", "label": "x"]) }
    }

    @Test func `reads statements without anything between them`() throws {
        let made = try graph("a b [k=1] c->d node[x=1]e;f")
        #expect(made.nodes.map(\.id) == ["a", "b", "c", "d", "e", "f"])
    }

    @Test func `lists nodes in the order of their first mention`() throws {
        #expect(try graph("x -> b; a; b -> a").nodes.map(\.id) == ["x", "b", "a"])
    }

    @Test(arguments: ["agent.mode", "\"agent.mode\""])
    func `means the same by a quoted key`(key: String) throws {
        #expect(try graph("a [\(key)=interactive]").node("a").attributes.texts == ["agent.mode": "interactive"])
    }
}

@Suite struct `Defaults` {
    @Test func `hold for what follows`() throws {
        let made = try graph("a node [shape=box] b node [shape=hexagon, k=1] c")
        #expect(try made.node("a").attributes.texts == [:])
        #expect(try made.node("b").attributes.texts == ["shape": "box"])
        #expect(try made.node("c").attributes.texts == ["shape": "hexagon", "k": "1"])
    }

    @Test func `of a subgraph start as a copy and end at its brace`() throws {
        let made = try graph(
            """
            node [shape=box, k=1] edge [weight=1]
            subgraph { node [shape=hexagon] edge [weight=2] a -> b subgraph { c node [k=2] d } e }
            f -> g
            """)
        #expect(try made.node("a").attributes.texts == ["shape": "hexagon", "k": "1"])
        #expect(try made.node("c").attributes.texts == ["shape": "hexagon", "k": "1"])
        #expect(try made.node("d").attributes.texts == ["shape": "hexagon", "k": "2"])
        #expect(try made.node("e").attributes.texts == ["shape": "hexagon", "k": "1"])
        #expect(try made.node("f").attributes.texts == ["shape": "box", "k": "1"])
        #expect(made.edges.map { $0.attributes["weight"]?.value.text } == ["2", "1"])
    }

    @Test func `are those at the declaration, or else at the mention`() throws {
        let made = try graph(
            """
            node [shape=box]
            mentioned -> declared
            node [shape=hexagon]
            declared
            node [shape=diamond]
            declared [k=1]
            """)
        #expect(try made.node("mentioned").attributes.texts == ["shape": "box"])
        #expect(try made.node("declared").attributes.texts == ["shape": "hexagon", "k": "1"])
    }

    @Test func `are weaker than any declaration`() throws {
        let made = try graph("a [shape=box, prompt=p] node [shape=hexagon] a [label=l, prompt=q]")
        let attributes = try made.node("a").attributes
        #expect(attributes.texts == ["shape": "box", "prompt": "q", "label": "l"])
        #expect(attributes.all.map(\.key) == ["shape", "prompt", "label"])
    }
}

@Suite struct `Derived classes` {
    @Test func `come from the labels of all subgraphs around, outermost first`() throws {
        let made = try graph(
            """
            subgraph outer { a subgraph inner { a -> b  label="Code Review #2" } c  label="Loop A" }
            subgraph { graph [label=Other] b }
            subgraph { d }
            """)
        #expect(try made.node("a").derivedClasses == ["loop-a", "code-review-2"])
        #expect(try made.node("b").derivedClasses == ["loop-a", "code-review-2", "other"])
        #expect(try made.node("c").derivedClasses == ["loop-a"])
        #expect(try made.node("d").derivedClasses == [])
    }

    @Test(arguments: [("A B  C", "a-b--c"), ("Prüfung!", "prfung"), ("x_y.z", "xyz"), ("a-b", "a-b"), ("7", "7")])
    func `are labels in small letters`(label: String, name: String) throws {
        #expect(try graph("subgraph { label=\"\(label)\" a }").node("a").derivedClasses == [name])
    }

    @Test func `are none of a label without letters, and the same one once`() throws {
        let made = try graph("subgraph { label=\"!?\" a } subgraph { label=x a } subgraph { label=X a }")
        #expect(try made.node("a").derivedClasses == ["x"])
    }
}
