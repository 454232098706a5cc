import TrailsContexts

/// Colours for words on a terminal, or none.
struct Paint: Sendable {
    enum Colour: Int {
        case red = 31, green, yellow, blue, magenta, cyan
        case dim = 2
    }

    let isOn: Bool

    static let none = Paint(isOn: false)

    /// Whether standard output gets colours: never with NO_COLOR, else as `config.yml` says, else on a terminal.
    static func forOutput(isTerminal: Bool, environment: [String: String], config: Config) -> Paint {
        if let value = environment["NO_COLOR"], !value.isEmpty { return .none }
        switch config.color {
        case .never: return .none
        case .always: return Paint(isOn: true)
        case .auto, nil: return Paint(isOn: isTerminal && environment["TERM"] != "dumb")
        }
    }

    func callAsFunction(_ text: String, _ colour: Colour?) -> String {
        guard self.isOn, let colour else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }
}
