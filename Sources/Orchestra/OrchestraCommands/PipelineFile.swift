import DotLanguage
import Foundation
import Vocabulary

/// A pipeline file that a command was given.
struct PipelineFile {
    let path: String
    let bytes: [UInt8]

    /// Reads the file at `path`, at most as much of it as can be a pipeline.
    init(at path: String) throws {
        self.path = path
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            var bytes: [UInt8] = []
            while bytes.count <= DotFile.bytesMax, let part = try file.read(upToCount: 1 << 20), !part.isEmpty {
                bytes += part
            }
            self.bytes = bytes
        } catch {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandFailure.refused("there is no file \(path.shownToPeople())", hint: "name a pipeline file")
            }
            throw CommandFailure.refused(
                "\(path.shownToPeople()) cannot be read", hint: "is it a file, and may you read it?")
        }
    }

    var text: String { String(decoding: self.bytes, as: UTF8.self) }

    /// Says `diagnostics` on standard error, in the order of their places.
    func tell(_ diagnostics: [Diagnostic]) {
        let order = diagnostics.enumerated().sorted { left, right in
            let (first, second) = (left.element.range?.start.offset ?? 0, right.element.range?.start.offset ?? 0)
            return (first, left.offset) < (second, right.offset)
        }
        Output.aside(DiagnosticRenderer(self.text).text(order.map(\.element)))
    }
}
