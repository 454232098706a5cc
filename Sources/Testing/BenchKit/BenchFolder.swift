import Foundation

/// A folder of its own for what a benchmark writes; it goes with the last who knows it.
package final class BenchFolder: Sendable {
    package let path: String

    package init() throws {
        self.path = NSTemporaryDirectory() + "cairn-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    package func file(_ name: String) -> String { "\(self.path)/\(name)" }
}
