package import DurableFiles
import Vocabulary

/// What a caller shows who may change something: 64 hex digits, in a file that only this user can read.
package struct AccessToken: Sendable {
    private let text: String

    private static let fileMax = 1_024

    /// Reads the token at `path`, or makes it at the first start.
    ///
    /// Throws when others can read the file, or it is somebody else's.
    package static func at(_ path: String, on files: any FileSystem) throws(FileError) -> Self {
        if !(try files.exists(path)) {
            do throws(FileError) {
                try AtomicFile.create(path, with: Array("\(Self.random())\n".utf8), on: files)
            } catch {
                // Another start made it in this moment.
                guard error.code == .exists else { throw error }
            }
        }
        let bytes = try PrivateFile.read(path, limit: Self.fileMax, on: files)
        let text = String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
        guard text.utf8.count >= 32 else {
            throw FileError(.notFile, .read, path, detail: "it holds no token: remove it, and a new one is made")
        }
        return Self(text: text)
    }

    package init(text: String) {
        self.text = text
    }

    private static func random() -> String {
        var dice = SystemRandomNumberGenerator()
        return Hex.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &dice) })
    }

    /// Whether a header `Authorization` shows it. How long that takes says nothing about the token.
    func isShown(by header: String?) -> Bool {
        guard let header, header.lowercased().hasPrefix("bearer ") else { return false }
        let shown = BLAKE3.hash(Array(header.dropFirst("bearer ".count).utf8).filter { $0 > 0x20 })
        let own = BLAKE3.hash(Array(self.text.utf8))
        return zip(shown.bytes, own.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
