/// What a run is told by whoever starts it.
package struct RunSettings: Sendable, Hashable {
    /// The first part of every attempt key: names the session, and in a branch the attempt and the branch too.
    package var key: String
    package var unknownFate: UnknownFatePolicy
    /// Handlers that happen in memory only.
    package var pureHandlers: Set<HandlerType>
    /// Handlers that may run again after a crash without asking.
    package var rerunnableHandlers: Set<HandlerType>
    /// A fan-in brings work together that is outside, so it does not happen in memory only.
    package var mergesAtFanIn = false

    package init(
        key: String, unknownFate: UnknownFatePolicy = .retry,
        pureHandlers: Set<HandlerType> = Self.pureHandlersDefault,
        rerunnableHandlers: Set<HandlerType> = Self.rerunnableHandlersDefault
    ) {
        self.key = key
        self.unknownFate = unknownFate
        self.pureHandlers = pureHandlers
        self.rerunnableHandlers = rerunnableHandlers
    }

    package static let pureHandlersDefault: Set<HandlerType> = [.start, .exit, .conditional]
    package static let rerunnableHandlersDefault: Set<HandlerType> = [
        .start, .exit, .conditional, .fanIn, .human, .parallel, .managerLoop,
    ]

    /// Those of a run whose models are simulated.
    package static func simulated(key: String, unknownFate: UnknownFatePolicy = .retry) -> Self {
        Self(
            key: key, unknownFate: unknownFate, pureHandlers: Self.pureHandlersDefault.union([.codergen, .fanIn]),
            rerunnableHandlers: Self.rerunnableHandlersDefault.union([.codergen]))
    }

    package func isPure(_ node: PipelineNode) -> Bool {
        if node.handler == .fanIn, self.mergesAtFanIn { return false }
        return self.pureHandlers.contains(node.handler) || node.handler == .fanIn && node.prompt.isEmpty
    }
}

/// What to do with an attempt of which nobody knows whether it happened (spec/orchestra.md 3.5).
package enum UnknownFatePolicy: String, Sendable, CaseIterable {
    case retry
    case ask
    case fail
}
