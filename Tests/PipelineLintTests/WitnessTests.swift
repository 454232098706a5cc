import DotLanguage
import PipelineCore
import TestKit
import Testing

/// Findings that show a way by which a run comes to them.
@Suite struct `A witness` {
    @Test(arguments: [
        (Diagnostic.Code.loopUnbounded, "start -> a -> b -> c -> a c -> end", ["a", "b", "c", "a"]),
        (.loopUnbounded, "start -> a -> a a -> end", ["a", "a"]),
        (.edgeNeverTaken, "start -> x -> a a -> end [condition=\"outcome=OK\"] a -> end", ["start", "x", "a", "end"]),
        (
            .goalGateWayBack, "start -> a -> b -> c -> end a [goal_gate=true, retry_target=b]",
            ["b", "c", "end"]
        ),
        (
            .fanInMissing,
            "start -> p p [shape=component] p -> a -> f p -> b -> c -> end f [shape=tripleoctagon] f -> end",
            ["p", "b", "c", "end"]
        ),
        (
            .contextKeyUnwritten, "start -> x -> a a -> end [condition=\"context.tool.output=x\"] a -> end",
            ["start", "x", "a"]
        ),
        (.conditionalCoverage, "start -> x -> a a -> end [condition=\"context.q=1\"]", ["start", "x", "a"]),
    ])
    func `is a way through the pipeline`(code: Diagnostic.Code, items: String, way: [String]) throws {
        let found = lint(items).of(code)
        #expect(found.map(\.witness) == [way])
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `of random pipelines follows their edges`(seed: UInt64) throws {
        var dice = SplitMix64(seed: seed)
        for round in 0..<60 {
            let count = Int.random(in: 2...8, using: &dice)
            let names = ["start", "end"] + (0..<count).map { "n\($0)" }
            let shapes = ["box", "hexagon", "diamond", "parallelogram", "component", "tripleoctagon", "odd"]
            let nodes = names.dropFirst(2).map { name in
                let retry = dice.chance(0.2) ? ", goal_gate=true, retry_target=\(dice.pick(names))" : ""
                return "\(name) [shape=\(dice.pick(shapes))\(retry)]"
            }
            let conditions = ["outcome=success", "outcome=fail", "context.x=1", "context.x!=1", "tool.output", "a=OK"]
            let edges = (0..<(2 * count)).map { _ in
                let attribute = dice.chance(0.4) ? " [condition=\"\(dice.pick(conditions))\"]" : ""
                return "\(dice.pick(names)) -> \(dice.pick(names))\(attribute)"
            }
            let text =
                "digraph G { start [shape=Mdiamond] end [shape=Msquare]\n"
                + (nodes + edges).joined(separator: "\n") + "}"
            let compilation = Compilation(Array(text.utf8), path: "")
            let graph = try #require(compilation.graph)
            var steps = Set(graph.edges.map { [$0.from.text, $0.to.text] })
            for node in graph.nodes {
                if let target = node.retryTarget {
                    steps.formUnion([[node.id.text, target.text], ["end", target.text]])
                }
            }
            for diagnostic in compilation.diagnostics {
                for step in zip(diagnostic.witness, diagnostic.witness.dropFirst()) {
                    #expect(steps.contains([step.0, step.1]), "seed \(seed), round \(round): \(diagnostic)\n\(text)")
                }
            }
        }
    }
}
