import DotLanguage
import PipelineCore

extension Ruled {
    static let nodes: [Ruled] = [
        Ruled(.goalGateHasRetry, .warning, "start -> a -> end a [goal_gate=true]", "a"),
        Ruled(.goalGateHasRetry, .warning, "start -> a -> end a [goal_gate=true, retry_target=a]"),
        Ruled(.goalGateHasRetry, .warning, "fallback_retry_target=a start -> a -> end a [goal_gate=true]"),
        Ruled(.goalGateWayBack, .warning, "start -> a -> b -> end a [goal_gate=true, retry_target=b]", "a"),
        Ruled(.goalGateWayBack, .warning, "retry_target=b start -> a -> b -> end a [goal_gate=true]", "a"),
        Ruled(.goalGateWayBack, .warning, "start -> a -> b -> end b [goal_gate=true, retry_target=a]"),
        Ruled(.goalGateWayBack, .warning, "start -> a -> end a [goal_gate=true, retry_target=a]"),
        Ruled(.promptOnLLMNodes, .warning, "start -> a -> end", "a"),
        Ruled(.promptOnLLMNodes, .warning, "start -> a -> end a [label=a]", "a"),
        Ruled(.promptOnLLMNodes, .warning, "start -> a -> b -> c -> end a [prompt=p] b [label=l] c [agent=reviewer]"),
        Ruled(.toolCommandOnToolNodes, .warning, "start -> a -> end a [shape=parallelogram]", "a"),
        Ruled(.toolCommandOnToolNodes, .warning, "start -> a -> end a [type=tool]", "a"),
        Ruled(.toolCommandOnToolNodes, .warning, "start -> a -> end a [shape=parallelogram, tool_command=ls]"),
        Ruled(.managerChild, .error, "start -> a -> end a [shape=house]", "a"),
        Ruled(.managerChild, .error, "start -> a -> end a [type=stack.manager_loop, manager.actions=steer]", "a", "a"),
        Ruled(.managerChild, .error, "start -> a -> end a [shape=house, stack.child_dotfile=x]"),
        Ruled(.managerChild, .error, "stack.child_dotfile=x start -> a -> end a [shape=house]"),
        Ruled(.managerChild, .error, "start -> a -> end a [shape=house, stack.child_autostart=false]"),
        Ruled(
            .managerChild, .error,
            "start -> a -> end a [shape=house, stack.child_dotfile=x, manager.actions=steer, prompt=p]"),
        Ruled(.humanGateChoices, .warning, "start -> g start -> end g [shape=hexagon]", "g"),
        Ruled(
            .humanGateChoices, .warning, "start -> g -> end [condition=\"outcome=success\"] g [shape=hexagon]", "g->end"
        ),
        Ruled(
            .humanGateChoices, .warning,
            "start -> g g [shape=hexagon] g -> a [label=Ship] g -> end [label=Stop] a -> end", "g->end"),
        Ruled(
            .humanGateChoices, .warning,
            "start -> g g [shape=hexagon] g -> a [label=\"[S] Ship\"] g -> end [label=\"[X] Stop\"] a -> end"),
        Ruled(
            .humanGateChoices, .warning,
            "start -> g g [shape=hexagon, human.default_choice=maybe] g -> end [label=Yes]", "g"),
        Ruled(
            .humanGateChoices, .warning,
            "start -> g g [shape=hexagon, human.default_choice=end] g -> end [label=Yes]"),
        Ruled(.conditionalCoverage, .warning, "start -> a -> end [condition=\"context.x=1\"]", "start", "a"),
        Ruled(.conditionalCoverage, .warning, "start -> a a -> end [condition=\"outcome=success\"]", "a"),
        Ruled(
            .conditionalCoverage, .warning,
            "start -> a a -> end [condition=\"outcome=success\"] a -> a [condition=\"outcome=fail\"]"),
        Ruled(
            .conditionalCoverage, .warning,
            """
            start -> a a [allow_partial=true]
            a -> end [condition="outcome=success"] a -> a [condition="outcome=fail"]
            """, "a"),
        Ruled(
            .conditionalCoverage, .warning,
            "start -> a a -> end [condition=\"context.x=1\"] a -> a [condition=\"context.x!=1\"]"),
        Ruled(.conditionalCoverage, .warning, "start -> a a -> end [condition=\"context.x=1\"] a -> end"),
        Ruled(
            .conditionalCoverage, .warning,
            "start -> a a [retry_target=a] a -> end [condition=\"outcome=success\"]"),
    ]

    static let paths: [Ruled] = [
        Ruled(.edgeNeverTaken, .warning, "start -> a a -> end [condition=\"outcome=SUCCESS\"] a -> end", "a->end"),
        Ruled(.edgeNeverTaken, .warning, "start -> a a -> end [condition=\"outcome=retry\"] a -> end", "a->end"),
        Ruled(
            .edgeNeverTaken, .warning,
            "start -> a a -> end [condition=\"context.x=1 && context.x=2\"] a -> end", "a->end"),
        Ruled(
            .edgeNeverTaken, .warning,
            "start -> a a -> end [condition=\"context.x=1 && context.x!=1\"] a -> end", "a->end"),
        Ruled(
            .edgeNeverTaken, .warning,
            "start -> a a -> end [condition=\"context.x && context.x=false\"] a -> end", "a->end"),
        Ruled(
            .edgeNeverTaken, .warning,
            "start -> a a -> end [condition=\"context.x=1 && context.x!=2\"] a -> end"),
        Ruled(.edgeNeverTaken, .warning, "start -> a a -> end [max_visits=0] a -> end", "a->end"),
        // Masked by a condition that holds as well and comes first: by weight, then by id.
        Ruled(
            .edgeNeverTaken, .warning,
            """
            start -> a a -> b [condition="outcome=fail", weight=2] b -> end
            a -> end [condition="outcome=fail && context.x=1"] a -> end
            """, "a->end"),
        Ruled(
            .edgeNeverTaken, .warning,
            """
            start -> a a -> b [condition="outcome=fail"] b -> end
            a -> end [condition="outcome=fail && context.x=1", weight=2] a -> end
            """),
        Ruled(
            .edgeNeverTaken, .warning,
            """
            start -> a a -> b [condition="outcome=fail", max_visits=2, weight=2] b -> end
            a -> end [condition="outcome=fail"] a -> end
            """),
        Ruled(
            .edgeNeverTaken, .warning,
            "start -> a a -> end [condition=\"context.x=1\"] a -> b [condition=\"context.x!=1\"] a -> b b -> end",
            "a->b"),
        Ruled(.edgeNeverTaken, .warning, "start -> a start -> b a -> end b -> end", "start->b"),
        Ruled(.edgeNeverTaken, .warning, "start -> a a [prompt=p] a -> b a -> end b -> end"),
        Ruled(.loopUnbounded, .warning, "start -> a -> b -> a b -> end", "a"),
        Ruled(.loopUnbounded, .warning, "start -> a -> a a -> end", "a"),
        Ruled(.loopUnbounded, .warning, "start -> a -> b -> a [max_visits=3] b -> end"),
        Ruled(.loopUnbounded, .warning, "max_steps=99 start -> a -> b -> a b -> end"),
        Ruled(.loopUnbounded, .warning, "start -> a -> b -> a b -> end b [shape=hexagon]"),
        Ruled(.loopUnbounded, .warning, "start -> a -> b b -> a [loop_restart=true] b -> end"),
        Ruled(.loopUnbounded, .warning, "start -> a -> b b -> a [condition=\"outcome=RETRY\"] b -> end"),
        Ruled(.loopUnbounded, .warning, "start -> a -> b -> a b -> c -> d -> c d -> end", "a", "c"),
        Ruled(
            .contextKeyUnwritten, .warning, "start -> a a -> end [condition=\"context.tool.exit_code=0\"] a -> end",
            "a->end"),
        Ruled(
            .contextKeyUnwritten, .warning,
            "start -> t t [shape=parallelogram] t -> end [condition=\"tool.exit_code=0\"] t -> end"),
        Ruled(
            .contextKeyUnwritten, .warning,
            "start -> t t [shape=parallelogram, name=lint] t -> end [condition=\"tools.test.output=x\"] t -> end",
            "t->end"),
        Ruled(
            .contextKeyUnwritten, .warning,
            """
            start -> t -> u -> end t [shape=parallelogram]
            u [shape=parallelogram, tool_command="echo {{ tools.t.output }} {{ tool.output }}"]
            """),
        Ruled(
            .contextKeyUnwritten, .warning,
            "start -> u -> end u [shape=parallelogram, tool_command=\"echo {{ tool.output | trim }} {{ x }}\"]", "u"),
        Ruled(
            .contextKeyUnwritten, .warning,
            "start->a a -> g [condition=\"context.human.gate.selected=Y\"] a -> g g [shape=hexagon] g -> end", "a->g"),
        Ruled(
            .contextKeyUnwritten, .warning,
            "start -> a a -> end [condition=\"context.node_visits.b=2\"] a -> end b", "a->end"),
        Ruled(
            .contextKeyUnwritten, .warning,
            "start -> a a -> end [condition=\"context.node_visits.a=2\"] a -> b b -> a"),
        Ruled(
            .contextKeyUnwritten, .warning,
            """
            start -> u -> end u [shape=parallelogram, tool_command="{{ tool.output | default('x') }}
            {% for tool in names %}{{ tool.output }}{% endfor %}{% if tool.output %}x{% endif %}"]
            """),
        Ruled(.contextKeyUnwritten, .warning, "start -> a a -> end [condition=\"context.verdict=good\"] a -> end"),
    ]
}
