import TrailsWire
import Vocabulary

/// JSON for programs and for people who read along.
enum JSONText {
    static func pretty(_ object: JSONObject) -> String { JSONValue.object(object).prettyText }

    static func pretty(_ records: [some WireRecord]) -> String { JSONValue.array(records.map(\.json)).prettyText }
}
