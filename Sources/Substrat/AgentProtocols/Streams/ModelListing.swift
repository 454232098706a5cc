/// The models that an agent's command line offers, as `--list-models` prints them: `id - label`, one a line.
package struct ModelListing: Sendable, Hashable {
    package let models: [Model]

    package struct Model: Sendable, Hashable {
        package let id: String
        package let label: String
    }

    /// Lines of another form are passed over: headings, advice.
    package init(parsing text: String) {
        self.models = text.split(whereSeparator: \.isNewline).compactMap { line in
            guard let dash = line.firstRange(of: " - ") else { return nil }
            let id = line[..<dash.lowerBound].drop(while: \.isWhitespace)
            guard !id.isEmpty, !id.contains(where: \.isWhitespace) else { return nil }
            return Model(id: String(id), label: String(line[dash.upperBound...]))
        }
    }
}
