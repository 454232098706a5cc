import FoundationEssentials
import Testing
import Vocabulary

/// A file of `Vectors/`, which other languages test themselves with too.
///
/// `REWRITE=1` in the environment writes the files again instead of comparing.
struct VectorFile {
    let url: URL

    init(_ name: String, file: String = #filePath) {
        self.url = URL(filePath: file).deletingLastPathComponent().appending(path: "Vectors/\(name).json")
    }

    static var isRewriting: Bool { ProcessInfo.processInfo.environment["REWRITE"] == "1" }

    func read() throws -> JSONValue { try JSONValue(parsing: Array(Data(contentsOf: self.url))) }

    /// Checks that the file holds `value`, or writes it.
    func expect(_ value: JSONValue, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let bytes = Data((value.prettyText + "\n").utf8)
        if Self.isRewriting {
            try bytes.write(to: self.url)
        } else {
            let stored = try Data(contentsOf: self.url)
            #expect(
                String(decoding: stored, as: UTF8.self) == String(decoding: bytes, as: UTF8.self),
                sourceLocation: sourceLocation)
        }
    }
}
