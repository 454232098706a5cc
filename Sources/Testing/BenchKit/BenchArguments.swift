/// What a benchmark is told on its command line: `[--quick] [PART…]`.
package struct BenchArguments<Part: RawRepresentable & CaseIterable> where Part.RawValue == String {
    /// All of them when none is named.
    package let parts: [Part]
    /// By how much the load is divided.
    package let scale: Int

    package init(_ arguments: some Sequence<String>) throws {
        self.scale = arguments.contains("--quick") ? 10 : 1
        let parts = try arguments.filter { $0 != "--quick" }.map { name in
            guard let part = Part(rawValue: name) else {
                let names = Part.allCases.map(\.rawValue).joined(separator: ", ")
                throw BenchError("\"\(name)\" is neither --quick nor a part: \(names)")
            }
            return part
        }
        self.parts = parts.isEmpty ? Array(Part.allCases) : parts
    }
}

/// Why nothing could be measured.
package struct BenchError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
