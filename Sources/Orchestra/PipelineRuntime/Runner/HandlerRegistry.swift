package import PipelineCore

/// Who does the work, by the type of the node.
///
/// Pure attempts (start, conditional, a fan-in without a prompt, simulation) need no handler, and gates and parallel
/// nodes are the engine's own.
package struct HandlerRegistry: Sendable {
    private var handlers: [HandlerType: any NodeHandler]

    package init(_ handlers: [HandlerType: any NodeHandler] = [:]) {
        self.handlers = handlers
    }

    package subscript(type: HandlerType) -> (any NodeHandler)? {
        get { self.handlers[type] }
        set { self.handlers[type] = newValue }
    }

    /// All types a graph may name: those that come with the engine, and those registered here.
    package var types: Set<HandlerType> { HandlerType.builtIn.union(self.handlers.keys) }
}
