import Foundation
import Subprocess
import Vocabulary

/// The program `dot` of Graphviz, which draws graphs.
enum Graphviz {
    /// No drawing of a pipeline is larger.
    static let drawingMax = ByteCount.mebibytes(256)

    /// Draws `text`, which is DOT, in `format`.
    ///
    /// The text goes through a file: a pipe breaks when the program ends without having read it all.
    static func draw(_ text: String, as format: String) async throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "orchestra-\(UUID()).dot")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let outcome: ExecutionResult<Void, BytesOutput, StringOutput<UTF8>>
        do {
            outcome = try await run(
                .name("dot"), arguments: ["-T\(format)", file.path(percentEncoded: false)],
                output: .bytes(limit: Self.drawingMax.bytes), error: .string(limit: 1 << 16))
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw CommandFailure.refused(
                "\(format) needs the program dot of Graphviz, which is not installed",
                hint: "apt-get install graphviz, or take --format dot")
        }
        guard outcome.terminationStatus.isSuccess else {
            let said = outcome.standardError.trimmingPrefix { $0.isWhitespace }
            throw CommandFailure.refused("dot did not draw the graph: \(String(said).shownToPeople())")
        }
        return outcome.standardOutput
    }
}
