package import PipelineCore
import Vocabulary

/// What processes ask the owner of a session, in words of the store.
enum RequestWord {
    static let pause = "pause"
    static let abort = "abort"
    static let cancel = "cancel"
    static let answer = "answer"
    static let resolve = "resolve"
    static let steer = "steer"
}

/// What may be asked of whoever runs a session.
package enum SessionRequest: Sendable, Hashable {
    /// Stop at the next boundary, to be resumed.
    case pause
    /// As `pause`, and stop the current attempt too.
    case abort
    /// Stop for good.
    case cancel(reason: String)
    /// Answers the question with this key; without a key, the one that is open.
    case answer(String, to: AttemptKey?, by: String)
    /// Says what to do with the attempt of unknown fate.
    case resolve(UnknownFateVerdict)
    /// Tells the nodes at work, and those to come.
    case steer(String, by: String)
}

extension SessionRequest {
    var word: String {
        switch self {
        case .pause: RequestWord.pause
        case .abort: RequestWord.abort
        case .cancel: RequestWord.cancel
        case .answer: RequestWord.answer
        case .resolve: RequestWord.resolve
        case .steer: RequestWord.steer
        }
    }

    var body: [UInt8] {
        var object = JSONObject()
        switch self {
        case .pause, .abort: break
        case .cancel(let reason): object["reason"] = .string(reason)
        case .answer(let text, let key, let person):
            object["answer"] = .string(text)
            object["question"] = key.map { .string($0.text) }
            object["by"] = .string(person)
        case .resolve(let verdict): object["verdict"] = .string(verdict.rawValue)
        case .steer(let text, let person):
            object["text"] = .string(text)
            object["by"] = .string(person)
        }
        return Array(JSONValue.object(object).text.utf8)
    }

    /// `nil` for what this program does not know.
    init?(word: String, body: [UInt8]) {
        let json = (try? JSONValue(parsing: body)) ?? .null
        switch word {
        case RequestWord.pause: self = .pause
        case RequestWord.abort: self = .abort
        case RequestWord.cancel: self = .cancel(reason: json["reason"]?.string ?? "cancelled on request")
        case RequestWord.answer:
            guard let text = json["answer"]?.string else { return nil }
            self = .answer(
                text, to: json["question"]?.string.map { AttemptKey($0) }, by: json["by"]?.string ?? "somebody")
        case RequestWord.resolve:
            guard let verdict = json["verdict"]?.string.flatMap(UnknownFateVerdict.init(rawValue:)) else { return nil }
            self = .resolve(verdict)
        case RequestWord.steer:
            guard let text = json["text"]?.string else { return nil }
            self = .steer(text, by: json["by"]?.string ?? "somebody")
        default: return nil
        }
    }
}
