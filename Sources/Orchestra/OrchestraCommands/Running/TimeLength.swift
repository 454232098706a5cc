import ArgumentParser
import PipelineCore

/// A length of time as people type it, in the words of pipeline files: `250ms`, `90s`, `15m`, `2h`, `1d`.
struct TimeLength: ExpressibleByArgument, ExpressibleByStringLiteral {
    let length: Duration
    let defaultValueDescription: String

    init?(argument: String) {
        guard let length = Duration(attribute: argument) else { return nil }
        self.length = length
        self.defaultValueDescription = argument
    }

    init(stringLiteral text: String) {
        guard let value = Self(argument: text) else { preconditionFailure("\(text) is no length of time") }
        self = value
    }
}
