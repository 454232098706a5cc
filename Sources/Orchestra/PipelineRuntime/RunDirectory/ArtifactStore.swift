package import DurableFiles
package import Vocabulary

/// Values that are too large for a context, each a file.
package struct ArtifactStore: Sendable {
    let path: String
    let files: any FileSystem

    package init(_ path: String, on files: any FileSystem) {
        self.path = path
        self.files = files
    }

    /// No artifact is larger.
    package static let bytesMax = 64 << 20

    /// Keeps `value` under `id`, in place of what was there.
    package func store(_ value: JSONValue, as id: String) throws(FileError) {
        try DurableDirectory.make(self.path, on: self.files)
        try AtomicFile.replace(self.path(of: id), with: Array(value.text.utf8), on: self.files)
    }

    /// `nil` when there is none.
    package func retrieve(_ id: String) throws(FileError) -> JSONValue? {
        guard try self.has(id) else { return nil }
        let bytes = try self.files.read(self.path(of: id), limit: Self.bytesMax)
        let limits = JSONLimits(bytes: ByteCount(Self.bytesMax))
        guard let value = try? JSONValue(parsing: bytes, limits: limits) else {
            throw FileError(.other, .read, self.path(of: id), detail: "it is not JSON")
        }
        return value
    }

    package func has(_ id: String) throws(FileError) -> Bool { try self.files.exists(self.path(of: id)) }

    /// In the order of their bytes.
    package func list() throws(FileError) -> [String] {
        guard try self.files.exists(self.path) else { return [] }
        return try self.files.names(in: self.path).filter { $0.hasSuffix(Self.suffix) && !$0.hasPrefix(".") }
            .map { String($0.dropLast(Self.suffix.count)) }
    }

    /// Says whether there was one.
    @discardableResult
    package func remove(_ id: String) throws(FileError) -> Bool {
        guard try self.has(id) else { return false }
        try self.files.unlink(self.path(of: id))
        try self.files.syncDirectory(self.path)
        return true
    }

    package func clear() throws(FileError) {
        for id in try self.list() { try self.remove(id) }
    }

    private static let suffix = ".json"

    private func path(of id: String) -> String { "\(self.path)/\(PathPart.of(id))\(Self.suffix)" }
}
