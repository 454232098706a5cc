package import DurableFiles
package import PipelineCore
package import TurnModel
import Vocabulary

/// Files about one run, for people and for the programs it starts (spec/orchestra.md 2.15). Nothing is ever resumed
/// from them: the record is the turn store.
///
/// Every file is there whole, in the old form or the new, for whoever reads it while the machine runs, also when
/// `orchestra` is killed. After a power cut `manifest.json`, `checkpoint.json` and the artifacts are whole; the files
/// of attempts are not synced, for a tool would wait for the disk, and the newest may be empty or gone.
///
/// ```
///   manifest.json                what runs, since when, under which ids
///   checkpoint.json              how far it has come
///   commands.lock                held as long as a command of the run is at work
///   NODE/prompt.md …             the newest form of each file
///   NODE/VISIT.ATTEMPT/…         prompt.md  response.md  output.txt  status.json  context.json  running
///                                command.sh
///   branches/BRANCH/NODE/…       the same inside a parallel branch
///   artifacts/ID.json            values too large for a context
/// ```
package struct RunDirectory: Sendable {
    package let path: String
    let files: any FileSystem

    package init(_ path: String, on files: any FileSystem = POSIXFileSystem()) {
        self.path = path
        self.files = files
    }

    /// That of the run `displayID`, beside those of other runs.
    package init(in parent: String, of displayID: DisplayID, on files: any FileSystem = POSIXFileSystem()) {
        self.init("\(parent)/\(displayID)", on: files)
    }

    /// Makes the directory, and puts `manifest` into it.
    package func begin(_ manifest: RunManifest) throws(FileError) {
        try DurableDirectory.make(self.path, on: self.files)
        try AtomicFile.sweep(self.path, on: self.files)
        try self.replace("manifest.json", with: manifest.json)
    }

    package func write(_ checkpoint: CheckpointFile) throws(FileError) {
        try self.replace("checkpoint.json", with: checkpoint.json)
    }

    package var artifacts: ArtifactStore { ArtifactStore("\(self.path)/artifacts", on: self.files) }

    package func files(of attempt: Attempt, branch: BranchID? = nil) -> AttemptFiles {
        let parent = branch.map { "\(self.path)/branches/\(PathPart.of($0.text))" } ?? self.path
        return AttemptFiles(
            parent: "\(parent)/\(PathPart.of(attempt.node.text))", name: "\(attempt.visit).\(attempt.number)",
            on: self.files)
    }

    private func replace(_ name: String, with json: JSONObject) throws(FileError) {
        let text = JSONValue.object(json).prettyText + "\n"
        try AtomicFile.replace("\(self.path)/\(name)", with: Array(text.utf8), on: self.files)
    }
}

/// A name as part of a path: it can lead nowhere else.
enum PathPart {
    static let lengthMax = 100

    static func of(_ name: String) -> String {
        let plain = name.unicodeScalars.prefix(Self.lengthMax).map { scalar in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "_-#.".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
        }
        let text = String(plain)
        return text.isEmpty || text.hasPrefix(".") ? "_" + text : text
    }
}
