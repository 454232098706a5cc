import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How things look on one line.
enum Texts {
    /// `14:03:07` in the caller's zone; question marks for a moment that is not known.
    static func time(_ text: String?) -> String {
        guard let text, let moment = Timestamp(text) else { return "??:??:??" }
        var seconds = time_t((Double(moment.milliseconds) / 1_000).rounded(.down))
        var parts = tm()
        localtime_r(&seconds, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }

    /// At most 80 characters, without any that a terminal would obey.
    static func cut(_ text: String) -> String {
        let head = String(text.unicodeScalars.prefix(81))
        return head.unicodeScalars.count > 80
            ? String(text.unicodeScalars.prefix(80)).shownToPeople(scalarsMax: 1_000) + "..."
            : text.shownToPeople(scalarsMax: 1_000)
    }

    /// `HH:MM:SS  a1a1  turn.start  turn_id=1 prompt=hello`
    static func event(_ event: JSONObject, session: String) -> String {
        let head = [
            self.time(event["ts"]?.string), session.isEmpty ? "????" : String(session.prefix(4)),
            self.cut(event["event"]?.string ?? "?"),
        ]
        let data = (event["data"]?.object ?? [:]).map { key, value in
            "\(self.cut(key))=\(self.cut(value.string ?? value.text))"
        }
        return (head + [data.joined(separator: " ")]).filter { !$0.isEmpty }.joined(separator: "  ")
    }
}
