/// How long to wait before a node is tried again (spec/orchestra.md 2.5).
package enum BackoffPolicy: String, NamedPolicy {
    case none
    case standard
    case aggressive
    case linear
    case patient

    /// No wait is longer, before jitter.
    package static let delayMax = Duration.seconds(60)

    /// How many attempts the policy makes where it is used as a whole.
    package var attempts: Int {
        switch self {
        case .none: 1
        case .standard, .aggressive: 5
        case .linear, .patient: 3
        }
    }

    private var initial: Double {
        switch self {
        case .none: 0
        case .standard: 200
        case .aggressive, .linear: 500
        case .patient: 2_000
        }
    }

    private var factor: Double {
        switch self {
        case .none, .linear: 1
        case .standard, .aggressive: 2
        case .patient: 3
        }
    }

    /// The wait before retry `number`, counted from 1. `fraction`, in 0..<1, spreads it over 50 to 150 per cent; `nil`
    /// leaves it as it is.
    package func delay(beforeRetry number: Int, fraction: Double?) -> Duration {
        let cap = Double(Self.delayMax.components.seconds) * 1_000
        let base = (1..<max(number, 1)).reduce(self.initial) { delay, _ in min(delay * self.factor, cap) }
        let spread = fraction.map { 0.5 + min(max($0, 0), 1) } ?? 1
        return .milliseconds(Int64((base * spread).rounded()))
    }
}

extension PipelineGraph {
    /// How often `node` may be tried in one visit.
    package func attemptsMax(of node: PipelineNode) -> Int {
        1 + (node.maxRetries ?? self.attributes.defaultMaxRetries)
    }
}
