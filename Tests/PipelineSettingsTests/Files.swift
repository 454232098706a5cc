import Foundation
import Simulator

extension ScratchDirectory {
    /// Writes a file and the directories above it.
    func write(_ name: String, _ text: String, permissions: Int = 0o644) throws {
        let url = URL(filePath: "\(self.path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: url.path())
    }
}
