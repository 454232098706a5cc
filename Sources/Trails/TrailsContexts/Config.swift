package import DurableFiles
import Vocabulary

/// One user's preferences, `config.yml`: what a command takes when neither its arguments nor the environment say.
package struct Config: Hashable, Sendable {
    package enum Color: String, Sendable, CaseIterable {
        case auto, always, never
    }

    package var server: String?
    package var securityLevel: Context.SecurityLevel?
    package var color: Color?
    package var lease: Duration?
    /// What in the file means nothing to this version, one line each, for people.
    package var warnings: [String] = []

    package init() {}

    /// Reads `config.yml` in `home`; without one nothing is preferred.
    ///
    /// Others may read it, but not write it: it says to which server a new app goes.
    package static func read(home: String, on files: any FileSystem) throws(ContextError) -> Config {
        let path = "\(home)/config.yml"
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try PrivateFile.read(path, limit: YAMLFields.sizeMax, forbidden: .writableByOthers, on: files)
        } catch {
            if error.code == .notFound { return Config() }
            throw ContextError(error)
        }
        return try Config(bytes, path: path)
    }

    private init(_ bytes: [UInt8], path: String) throws(ContextError) {
        // A file of comments only has no fields, and is fine.
        let text = String(decoding: bytes, as: UTF8.self)
        let isBlank = text.split(separator: "\n").allSatisfy { line in
            line.drop { $0 == " " }.first.map { $0 == "#" } ?? true
        }
        if isBlank { return }
        let fields = try YAMLFields(bytes, path: path)
        self.server = try fields.optional("server", { $0 }, "a URL")
        self.securityLevel = try fields.optional(
            "sec_level", Context.SecurityLevel.init(rawValue:), "open, signed, encrypted or full")
        self.color = try fields.optional("color", Color.init(rawValue:), "auto, always or never")
        self.lease = try fields.optional("lease", { try? Duration(parsing: $0) }, "a duration like 90s or 5m")
        let known: Set = ["server", "sec_level", "color", "lease"]
        self.warnings = fields.fields.filter { !known.contains($0.name) }.map { field in
            "\(path), line \(field.line): \(field.name.quotedForPeople()) is not a preference and has no effect"
        }
    }
}
