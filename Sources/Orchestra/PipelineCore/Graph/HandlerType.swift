/// Names what runs a node: a built-in handler or one that was registered (spec/orchestra.md 1.8).
package struct HandlerType: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) { self.init(text) }

    package var description: String { self.text }

    package static let start: Self = "start"
    package static let exit: Self = "exit"
    package static let codergen: Self = "codergen"
    package static let human: Self = "wait.human"
    package static let conditional: Self = "conditional"
    package static let parallel: Self = "parallel"
    package static let fanIn: Self = "parallel.fan_in"
    package static let tool: Self = "tool"
    package static let managerLoop: Self = "stack.manager_loop"

    /// Every handler that comes with the engine.
    package static let builtIn: Set<Self> = [
        .start, .exit, .codergen, .human, .conditional, .parallel, .fanIn, .tool, .managerLoop,
    ]

    /// The handler of each shape.
    package static let byShape: [String: Self] = [
        "Mdiamond": .start, "Msquare": .exit, "box": .codergen, "hexagon": .human, "diamond": .conditional,
        "component": .parallel, "tripleoctagon": .fanIn, "parallelogram": .tool, "house": .managerLoop,
    ]

    /// The handler of a node, and whether its type or shape names one; where neither does, it is `codergen`.
    ///
    /// An explicit type comes before the shape, and a handler registered under the shape's own name before the
    /// shape's type.
    package static func resolve(
        type: String, shape: String, among registered: Set<Self>
    ) -> (handler: Self, isKnown: Bool) {
        let candidates = [Self(type), Self(shape)] + [self.byShape[shape]].compactMap { $0 }
        let found = candidates.first { !$0.text.isEmpty && registered.contains($0) }
        let isTypeKnown = type.isEmpty || registered.contains(Self(type))
        return (found ?? .codergen, found != nil && isTypeKnown)
    }
}
