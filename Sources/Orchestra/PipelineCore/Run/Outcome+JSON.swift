package import Vocabulary

extension Outcome {
    /// As in `status.json` (spec/orchestra.md 2.14): what is empty is left out.
    package var json: JSONObject {
        var json: JSONObject = ["outcome": .string(self.status.lowercase)]
        if !self.preferredLabel.isEmpty { json["preferred_label"] = .string(self.preferredLabel) }
        if !self.suggestedNextIDs.isEmpty {
            json["suggested_next_ids"] = .array(self.suggestedNextIDs.map { .string($0.text) })
        }
        if !self.contextUpdates.isEmpty { json["context_updates"] = .object(self.contextUpdates) }
        if !self.notes.isEmpty { json["notes"] = .string(self.notes) }
        if !self.failureReason.isEmpty { json["failure_reason"] = .string(self.failureReason) }
        if !self.isRetryable { json["retryable"] = .bool(false) }
        return json
    }

    /// Reads a status file. Fields it does not know are left alone; `preferred_next_label` is the older name of
    /// `preferred_label`.
    package init(statusFile json: JSONValue) throws(StatusFileError) {
        guard let object = json.object else { throw .notAnObject }
        guard let word = object["outcome"]?.string else { throw .missingOutcome }
        guard let status = StageStatus(text: word) else { throw .unknownStatus(word) }
        let label = try Self.text("preferred_label", in: object)
        let olderLabel = try Self.text("preferred_next_label", in: object)
        self.init(
            status,
            preferredLabel: label ?? olderLabel ?? "",
            suggestedNextIDs: try Self.ids(in: object),
            contextUpdates: try Self.updates(in: object),
            notes: try Self.text("notes", in: object) ?? "",
            failureReason: try Self.text("failure_reason", in: object) ?? "",
            isRetryable: object["retryable"]?.bool ?? true)
    }

    private static func text(_ key: String, in object: JSONObject) throws(StatusFileError) -> String? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let text = value.string else { throw .wrongType(key, expected: "a text") }
        return text
    }

    private static func ids(in object: JSONObject) throws(StatusFileError) -> [NodeID] {
        guard let value = object["suggested_next_ids"], !value.isNull else { return [] }
        guard let ids = value.array?.map(\.string), !ids.contains(nil) else {
            throw .wrongType("suggested_next_ids", expected: "a list of texts")
        }
        return ids.compactMap { $0 }.map { NodeID($0) }
    }

    private static func updates(in object: JSONObject) throws(StatusFileError) -> JSONObject {
        guard let value = object["context_updates"], !value.isNull else { return [:] }
        guard let updates = value.object else { throw .wrongType("context_updates", expected: "an object") }
        return updates
    }
}

/// Why a status file says nothing we understand.
package enum StatusFileError: Error, Sendable, Hashable {
    case notAnObject
    case missingOutcome
    case unknownStatus(String)
    case wrongType(String, expected: String)
}

extension StatusFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAnObject: "the status file is not a JSON object"
        case .missingOutcome: "the status file has no text \"outcome\""
        case .unknownStatus(let word): "the status file has the unknown outcome \(word.quotedForPeople())"
        case .wrongType(let key, let expected): "\(key) in the status file is not \(expected)"
        }
    }
}
