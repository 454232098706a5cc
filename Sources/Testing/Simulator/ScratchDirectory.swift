import DurableFiles
import Glibc

/// A directory of the real file system that is gone, with all that is in it, with its last reference.
package final class ScratchDirectory: Sendable {
    package let path: String

    package init() {
        var template = Array("/tmp/cairn-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "cannot make a scratch directory: errno \(errno)")
        self.path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        try? Self.remove(self.path, POSIXFileSystem())  // what cannot be removed stays in /tmp
    }

    private static func remove(_ directory: String, _ files: POSIXFileSystem) throws(FileError) {
        for name in try files.names(in: directory) {
            let path = "\(directory)/\(name)"
            if try files.status(of: path).kind == .directory {
                try Self.remove(path, files)
            } else {
                try files.unlink(path)
            }
        }
        try files.removeDirectory(directory)
    }
}
