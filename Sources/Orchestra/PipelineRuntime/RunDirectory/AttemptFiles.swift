package import DurableFiles
package import PipelineCore
import Vocabulary

/// The files of one attempt. Each is also kept under its plain name beside the attempts of the node, where the newest
/// attempt wins. None of them is synced: see `RunDirectory`.
package struct AttemptFiles: Sendable {
    let parent: String
    let name: String
    let files: any FileSystem

    package init(parent: String, name: String, on files: any FileSystem = POSIXFileSystem()) {
        self.parent = parent
        self.name = name
        self.files = files
    }

    package enum Part: String, Sendable {
        case prompt = "prompt.md"
        case response = "response.md"
        case output = "output.txt"
        case status = "status.json"
        case context = "context.json"
        /// What the session was told from outside while the attempt was at work.
        case instruction = "instruction.md"
        /// A command that is too long for an argument.
        case script = "command.sh"
    }

    /// A status file is small.
    package static let statusMax = 1 << 20

    package var path: String { "\(self.parent)/\(self.name)" }

    package func path(of part: Part) -> String { "\(self.path)/\(part.rawValue)" }

    /// Makes the directory, and removes what an attempt before a crash left: its status is not that of this one.
    package func prepare() throws(FileError) {
        try DurableDirectory.make(self.path, isDurable: false, on: self.files)
        for part in [Part.status, .output] where try self.files.exists(self.path(of: part)) {
            try self.files.unlink(self.path(of: part))
        }
    }

    /// Notes that a command is at work, for a later runner that finds neither this one nor its guard.
    func setMark() { try? self.files.open(self.markPath, OpenOptions(.readWrite, creation: .ifMissing)).close() }

    func removeMark() { try? self.files.unlink(self.markPath) }

    private var markPath: String { "\(self.path)/\(CommandLock.mark)" }

    /// Keeps `text`, here and under the plain name.
    package func write(_ text: String, to part: Part) throws(FileError) {
        try self.replace(self.path(of: part), with: text)
        try self.replace("\(self.parent)/\(part.rawValue)", with: text)
    }

    /// The context, for the program of this attempt alone.
    package func write(_ context: PipelineContext) throws(FileError) {
        try self.replace(self.path(of: .context), with: JSONValue.object(context.values).text)
    }

    /// For a program that looks there now and then.
    func instruct(_ text: String) throws(FileError) {
        try DurableDirectory.make(self.path, isDurable: false, on: self.files)
        try self.replace(self.path(of: .instruction), with: text + "\n")
    }

    /// A command for the shell to read, for this attempt alone.
    func write(script: String) throws(FileError) { try self.replace(self.path(of: .script), with: script) }

    private func replace(_ path: String, with text: String) throws(FileError) {
        try AtomicFile.replace(path, with: Array(text.utf8), isDurable: false, on: self.files)
    }

    /// What the program of this attempt wrote as its status; `nil` when it wrote none.
    package func status() throws(StatusError) -> Outcome? {
        do {
            guard try self.files.exists(self.path(of: .status)) else { return nil }
            let bytes = try self.files.read(self.path(of: .status), limit: Self.statusMax)
            return try Outcome(statusFile: JSONValue(parsing: bytes))
        } catch let error as FileError {
            throw StatusError(message: error.message)
        } catch let error as StatusFileError {
            throw StatusError(message: error.description)
        } catch {
            throw StatusError(message: "the status file is not JSON: \(error)")
        }
    }
}

/// Why a status file cannot be used.
package struct StatusError: Error, Sendable, Hashable {
    package let message: String
}
