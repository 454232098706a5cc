package import DurableFiles
import Foundation
import Vocabulary

/// Finds `orchestra.yaml`, and the variables in the `.env` beside it.
package struct SettingsFile: Sendable {
    package static let name = "orchestra.yaml"

    package let settings: Settings
    /// Of `.env`; the environment itself comes before them.
    package let variables: [String: String]

    /// No file.
    package init() {
        self.settings = Settings()
        self.variables = [:]
    }

    /// Reads the file at `path`, of which somebody said that it counts.
    package init(at path: String, home: String, on files: any FileSystem) throws(SettingsError) {
        guard let found = try SettingsBytes.read(path, .named, on: files) else {
            throw SettingsError(path, "there is no such file", hint: "see --config")
        }
        try self.init(found, at: path, home: home, on: files)
    }

    /// Reads the nearest file in `folder` or above it; without one nothing is set.
    ///
    /// A file that was not named is believed only if it belongs to this user or to root, and no stranger may write it:
    /// it says which programs are run.
    package init(near folder: String, home: String, on files: any FileSystem) throws(SettingsError) {
        var url = URL(filePath: folder).standardizedFileURL
        while true {
            let path = url.appending(path: Self.name).path(percentEncoded: false)
            if let found = try SettingsBytes.read(path, .found, on: files) {
                try self.init(found, at: path, home: home, on: files)
                return
            }
            guard url.pathComponents.count > 1 else { break }
            url.deleteLastPathComponent()
        }
        self.init()
    }

    private init(_ bytes: [UInt8], at path: String, home: String, on files: any FileSystem) throws(SettingsError) {
        self.settings = try Settings(bytes, path: path, home: home)
        let folder = URL(filePath: path).deletingLastPathComponent()
        let beside = folder.appending(path: ".env").path(percentEncoded: false)
        let text = try SettingsBytes.read(beside, .found, on: files)
        self.variables = try text.map { text throws(SettingsError) in try Dotenv.parse(text, path: beside) } ?? [:]
    }
}
