import DotLanguage
import PipelineCore

extension Ruled {
    static let structure: [Ruled] = [
        Ruled(.startNode, .error, "a -> end", ""),
        Ruled(.startNode, .error, "a [shape=Mdiamond] b [shape=Mdiamond] a -> end b -> end", "b"),
        Ruled(.startNode, .error, "a [shape=Mdiamond] a -> end"),
        Ruled(.startNode, .error, "Start -> end"),
        Ruled(.startNode, .error, "a [type=start] a -> end"),
        Ruled(.terminalNode, .error, "start -> a", ""),
        Ruled(.terminalNode, .error, "start -> a start -> b a [shape=Msquare] b [shape=Msquare]", "b"),
        Ruled(.terminalNode, .error, "start -> a a [shape=Msquare]"),
        Ruled(.terminalNode, .error, "start -> exit"),
        Ruled(.reachability, .error, "start -> end z -> a a -> z m", "a", "m", "z"),
        Ruled(.reachability, .error, "start -> a -> end a [retry_target=r] r -> a"),
        Ruled(.reachability, .error, "start -> a -> end a [fallback_retry_target=r] r -> a"),
        Ruled(.reachability, .error, "retry_target=r start -> a -> end a [goal_gate=true] r -> a"),
        Ruled(.reachability, .error, "a -> b"),
        Ruled(.startNoIncoming, .error, "start -> a -> start a -> end", "a->start"),
        Ruled(.startNoIncoming, .error, "start -> a -> end"),
        Ruled(.exitNoOutgoing, .error, "start -> end -> a", "end->a"),
        Ruled(.exitNoOutgoing, .error, "start -> end"),
        Ruled(.fanInMissing, .error, "start -> p p [shape=component] p -> a -> end p -> b -> end", "p"),
        Ruled(
            .fanInMissing, .error,
            "start -> p p [shape=component] p -> a -> f p -> b -> end f [shape=tripleoctagon] f -> end", "p"),
        Ruled(.fanInMissing, .error, "start -> p p [shape=component]", "p"),
        Ruled(
            .fanInMissing, .error,
            "start -> p p [shape=component] p -> a -> f p -> b -> f f [shape=tripleoctagon] f -> end"),
        Ruled(
            .fanInMissing, .error,
            """
            start -> p p [shape=component] p -> q q [shape=component] q -> a -> f1 q -> b -> f1 f1 -> f2 p -> c -> f2
            f1 [shape=tripleoctagon] f2 [shape=tripleoctagon] f2 -> end
            """),
    ]

    static let values: [Ruled] = [
        Ruled(.attrType, .error, "start -> a -> end a [max_retries=many]", "a"),
        Ruled(.attrType, .error, "start -> a -> end a [max_retries=-1, goal_gate=yes, timeout=soon]", "a", "a", "a"),
        Ruled(.attrType, .error, "start -> a -> end a [timeout=-5s]", "a"),
        Ruled(
            .attrType, .error, "start -> a -> end [weight=x, max_visits=-1]", "start->a", "start->a", "a->end", "a->end"
        ),
        Ruled(.attrType, .error, "max_reroutes=no start -> end", ""),
        Ruled(
            .attrType, .error,
            "start -> a -> end a [max_retries=\"3\", goal_gate=\"false\", timeout=\"0.1s\", label=3, k=\"2\"]"),
        Ruled(.attrType, .error, "start -> a -> end a [max_retries=3, goal_gate=true, timeout=900s]"),
        Ruled(.policyKnown, .error, "start -> a -> end a [join_policy=any]", "a"),
        Ruled(.policyKnown, .error, "start -> a -> end a [error_policy=x, backoff_policy=y]", "a", "a"),
        Ruled(.policyKnown, .error, "start -> a -> end a [join_policy=k_of_n, backoff_policy=patient]"),
        Ruled(.fidelityValid, .warning, "start -> a -> end a [fidelity=all]", "a"),
        Ruled(.fidelityValid, .warning, "default_fidelity=all start -> end", ""),
        Ruled(.fidelityValid, .warning, "start -> a -> end a [fidelity=summary:high]"),
        Ruled(.conditionSyntax, .error, "start -> end [condition=\"outcome==success\"]", "start->end"),
        Ruled(.conditionSyntax, .error, "start -> end [condition=\"a || b\"]", "start->end"),
        Ruled(.conditionSyntax, .error, "start -> end [condition=\"outcome=success && context.n!=3\"]"),
        Ruled(.stylesheetSyntax, .error, "model_stylesheet=\"* { llm_model }\" start -> end", ""),
        Ruled(.stylesheetSyntax, .error, "model_spec=\"{ }\" start -> end", ""),
        Ruled(.stylesheetSyntax, .error, "model_stylesheet=\"* { llm_model: x; }\" start -> end"),
        Ruled(.templateSyntax, .error, "start -> a -> end a [shape=parallelogram, tool_command=\"echo {{ x\"]", "a"),
        Ruled(.templateSyntax, .error, "start -> a -> end a [shape=parallelogram, tool_command=\"echo {{ x }}\"]"),
        Ruled(
            .templateSyntax, .error,
            "start -> a -> end a [shape=house, stack.child_dotfile=x, manager.actions=steer, prompt=\"{{\"]", "a"),
        Ruled(.templateSyntax, .error, "start -> a -> end a [shape=house, stack.child_dotfile=x, prompt=\"{{\"]"),
        Ruled(
            .conditionSyntax, .error,
            "start -> a -> end a [shape=house, stack.child_dotfile=x, manager.stop_condition=\"a==b\"]", "a"),
        Ruled(
            .policyKnown, .error, "start -> a -> end a [shape=house, stack.child_dotfile=x, manager.actions=shout]",
            "a"),
        Ruled(
            .policyKnown, .error,
            "start -> a -> end a [shape=house, stack.child_dotfile=x, manager.actions=\"observe, wait\"]"),
        Ruled(.stylesheetProperty, .warning, "model_stylesheet=\"* { color: red; }\" start -> end", ""),
        Ruled(.stylesheetProperty, .warning, "model_stylesheet=\"* { llm_model: red; }\" start -> end"),
        Ruled(
            .stylesheetUnused, .info, "model_stylesheet=\".x { llm_model: m } #y { } oval {} \" start -> end", "", "",
            ""),
        Ruled(
            .stylesheetUnused, .info,
            "model_stylesheet=\".x { llm_model: m } #start { } box {} * {}\" start -> a -> end a [class=\"w, x\"]"),
        Ruled(.typeKnown, .warning, "start -> a -> end a [type=magic]", "a"),
        Ruled(.typeKnown, .warning, "start -> a -> end a [shape=oval]", "a"),
        Ruled(.typeKnown, .warning, "start -> a -> end a [shape=oval, type=tool]"),
        Ruled(
            .modeKnown, .error,
            "start -> a -> b -> c -> end a [\"agent.mode\"=interactive] b [\"agent.mode\"=other] "
                + "c [shape=parallelogram, \"agent.mode\"=interactive]", "b"),
        Ruled(.retryTargetExists, .warning, "start -> a -> end a [retry_target=x, fallback_retry_target=y]", "a", "a"),
        Ruled(.retryTargetExists, .warning, "retry_target=x start -> end", ""),
        Ruled(.retryTargetExists, .warning, "start -> a -> end a [retry_target=start]"),
        Ruled(.dottedKeyUnquoted, .info, "node [agent.mode=interactive] start -> a -> b -> end x.y=1", "", ""),
        Ruled(.dottedKeyUnquoted, .info, "start -> a -> end a [\"agent.mode\"=interactive, prompt=\"x.y=1\"] // u.v=1"),
        Ruled(
            .conditionKeyUnqualified, .info, "start -> a -> end [condition=\"n=3 && context.x\"] a -> end", "start->a",
            "start->a", "a->end", "a->end"),
        Ruled(.conditionKeyUnqualified, .info, "start -> end [condition=\"outcome=success && context.n=3\"]"),
    ]
}
