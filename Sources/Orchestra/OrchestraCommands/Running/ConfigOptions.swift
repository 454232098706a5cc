import ArgumentParser
import DurableFiles
import Foundation
import PipelineSettings

/// Which configuration file counts.
struct ConfigOptions: ParsableArguments {
    @Option(
        help: "The configuration (default: the nearest orchestra.yaml, upward from the pipeline; ORCHESTRA_CONFIG).",
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?
    @Flag(help: "Read no orchestra.yaml, and no .env beside it.") var noConfig = false

    func validate() throws {
        guard self.config == nil || !self.noConfig else {
            throw ValidationError("--config and --no-config are mutually exclusive")
        }
    }

    /// What the file says that is nearest to `folder`, or to the current directory.
    ///
    /// The variables in the `.env` beside it are in the environment from then on, unless they were before.
    func settings(near folder: String? = nil) throws -> Settings {
        do throws(SettingsError) {
            let file = try self.file(near: folder ?? FileManager.default.currentDirectoryPath)
            for (name, value) in file.variables { setenv(name, value, 0) }
            return file.settings
        } catch {
            throw CommandFailure.refused(error.description, hint: error.hint)
        }
    }

    private func file(near folder: String) throws(SettingsError) -> SettingsFile {
        guard !self.noConfig else { return SettingsFile() }
        let (home, files) = (StoreOptions.userHome, POSIXFileSystem())
        let said = self.config ?? ProcessInfo.processInfo.environment["ORCHESTRA_CONFIG"] ?? ""
        guard said.isEmpty else { return try SettingsFile(at: said.absolutePath, home: home, on: files) }
        return try SettingsFile(near: folder, home: home, on: files)
    }
}
