/// Text of strangers inside messages for people, logs and terminals.
extension String {
    /// Quoted, on one line, cut after `scalarsMax` Unicode scalars, and unable to steer a terminal.
    ///
    /// Escapes are those of JSON; other invisible characters, bidirectional controls among them, become U+FFFD.
    package func quotedForPeople(scalarsMax: Int = 40) -> String {
        JSONValue.string(self.cutForPeople(scalarsMax: scalarsMax)).text
    }

    /// As `quotedForPeople`, without the quotes and the escapes: control characters become U+FFFD too.
    package func shownToPeople(scalarsMax: Int = 200) -> String {
        let cut = self.cutForPeople(scalarsMax: scalarsMax)
        return String(String.UnicodeScalarView(cut.unicodeScalars.map { $0.value < 0x20 ? "\u{FFFD}" : $0 }))
    }

    private func cutForPeople(scalarsMax: Int) -> String {
        let scalars = self.unicodeScalars
        var shown = String.UnicodeScalarView(scalars.prefix(scalarsMax).map { $0.isVisible ? $0 : "\u{FFFD}" })
        if scalars.dropFirst(scalarsMax).first != nil { shown.append("…") }
        return String(shown)
    }
}

extension Unicode.Scalar {
    /// Whether it shows, or is one of the controls that JSON escapes.
    fileprivate var isVisible: Bool {
        switch self.properties.generalCategory {
        case .control: self.value < 0x20
        case .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: false
        default: true
        }
    }
}
