import PipelineCore
import Vocabulary

/// `key=value` arguments.
enum Assignments {
    static func parse(_ texts: [String]) throws -> JSONObject {
        var values = JSONObject()
        for text in texts {
            let shown = text.quotedForPeople()
            guard let sign = text.firstIndex(of: "=") else {
                throw CommandFailure.usage("Expected key=value, and got \(shown)")
            }
            let (key, value) = (text[..<sign], text[text.index(after: sign)...])
            guard !key.isEmpty else { throw CommandFailure.usage("Empty key in \(shown)") }
            guard !value.isEmpty else { throw CommandFailure.usage("Empty value in \(shown)") }
            guard !key.hasPrefix(PipelineContext.workspacePrefix) else {
                throw CommandFailure.usage("\(shown) names a repository, which is what --workspace is for")
            }
            values[String(key)] = .string(String(value))
        }
        return values
    }
}
