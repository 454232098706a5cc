package import DotLanguage

extension LintRule {
    /// The rules of every pipeline, in the order in which they speak.
    package static let builtIn: [LintRule] = [
        .startNode, .terminalNode, .edgeTargetExists, .reachability, .startNoIncoming, .exitNoOutgoing, .attributes,
        .stylesheet, .templateSyntax, .fanInMissing, .typeKnown, .modeKnown, .retryTargetExists,
        .goalGates, .promptOnLLMNodes, .toolCommandOnToolNodes, .managerChild, .humanGateChoices,
        .conditionalCoverage, .edgeNeverTaken,
        .loopUnbounded, .contextKeyUnwritten, .conditionKeys, .dottedKeyUnquoted,
    ]
}

/// The names of the rules, which are the codes of what they say.
extension Diagnostic.Code {
    package static let startNode = Self("start_node")
    package static let terminalNode = Self("terminal_node")
    package static let reachability = Self("reachability")
    package static let edgeTargetExists = Self("edge_target_exists")
    package static let startNoIncoming = Self("start_no_incoming")
    package static let exitNoOutgoing = Self("exit_no_outgoing")
    package static let conditionSyntax = Self("condition_syntax")
    package static let stylesheetSyntax = Self("stylesheet_syntax")
    package static let templateSyntax = Self("template_syntax")
    package static let attrType = Self("attr_type")
    package static let fanInMissing = Self("fan_in_missing")
    package static let policyKnown = Self("policy_known")
    package static let typeKnown = Self("type_known")
    package static let modeKnown = Self("mode_known")
    package static let fidelityValid = Self("fidelity_valid")
    package static let retryTargetExists = Self("retry_target_exists")
    package static let goalGateHasRetry = Self("goal_gate_has_retry")
    package static let goalGateWayBack = Self("goal_gate_way_back")
    package static let promptOnLLMNodes = Self("prompt_on_llm_nodes")
    package static let toolCommandOnToolNodes = Self("tool_command_on_tool_nodes")
    package static let managerChild = Self("manager_child")
    package static let humanGateChoices = Self("human_gate_choices")
    package static let conditionalCoverage = Self("conditional_coverage")
    package static let edgeNeverTaken = Self("edge_never_taken")
    package static let loopUnbounded = Self("loop_unbounded")
    package static let contextKeyUnwritten = Self("context_key_unwritten")
    package static let conditionKeyUnqualified = Self("condition_key_unqualified")
    package static let stylesheetUnused = Self("stylesheet_unused")
    package static let stylesheetProperty = Self("stylesheet_property")
    package static let dottedKeyUnquoted = Self("dotted_key_unquoted")

    /// All names of rules.
    package static let ofRules: [Self] = [
        .startNode, .terminalNode, .reachability, .edgeTargetExists, .startNoIncoming, .exitNoOutgoing,
        .conditionSyntax, .stylesheetSyntax, .templateSyntax, .attrType, .fanInMissing, .policyKnown, .typeKnown,
        .modeKnown, .fidelityValid, .managerChild,
        .retryTargetExists, .goalGateHasRetry, .goalGateWayBack, .promptOnLLMNodes, .toolCommandOnToolNodes,
        .humanGateChoices, .conditionalCoverage, .edgeNeverTaken, .loopUnbounded, .contextKeyUnwritten,
        .conditionKeyUnqualified, .stylesheetUnused, .stylesheetProperty, .dottedKeyUnquoted,
    ]
}
