import Vocabulary

/// What a server says is wrong, in one of the forms that are about.
struct ServerComplaint {
    let text: String
    /// A word, or a status.
    let kind: String

    /// `nil` when `json` complains about nothing.
    ///
    /// `{"error": {"message": …, "type": …, "code": …}}`, or `error` as a text.
    init?(_ json: JSONValue) {
        guard let error = json["error"], !error.isNull else { return nil }
        let words = [error["type"]?.string, error["code"]?.string, error["code"]?.integer.map { "\($0)" }]
        self.text = error.string ?? error["message"]?.string ?? error.text
        self.kind = words.compactMap { $0 }.joined(separator: " ")
    }

    /// What is in the body of an answer that is no success.
    init(body: [UInt8]) {
        let json = try? JSONValue(parsing: body)
        if let json, let complaint = Self(json) {
            self = complaint
            return
        }
        self.kind = ""
        self.text =
            json?["message"]?.string ?? json?["detail"]?.string ?? json?.text ?? String(decoding: body, as: UTF8.self)
    }

    private var isBusy: Bool {
        let words = "\(self.kind) \(self.text)".lowercased()
        return ["overloaded", "rate_limit", "rate limit"].contains { words.contains($0) }
    }

    /// - Parameter status: `nil` when it came in a stream that had begun well.
    func chatError(status: Int?, retryAfter: Duration? = nil) -> ChatError {
        let number = status ?? self.kind.split(separator: " ").compactMap { Int($0) }.first { (400..<600).contains($0) }
        let said = self.text.shownToPeople(scalarsMax: 500)
        let message = "the model server says" + (number.map { " \($0)" } ?? "") + (said.isEmpty ? "" : ": \(said)")
        if self.isBusy || [429, 502, 503, 529].contains(number) {
            return ChatError(.busy, message, hint: "it has too much to do, try again later", retryAfter: retryAfter)
        }
        switch number {
        case 401?, 403?:
            return ChatError(.refused, message, hint: "is the key right, and may it use this model?")
        case 404?, 405?:
            return ChatError(
                .refused, message, hint: "is the model's name right, and the address? It usually ends in /v1")
        case 408?, 409?, 425?: return ChatError(.failed, message, hint: "try again later")
        case (400..<500)?:
            return ChatError(.refused, message, hint: "the request is one that this server does not take")
        default: return ChatError(.failed, message, hint: "look into the log of the server, or try again later")
        }
    }
}
