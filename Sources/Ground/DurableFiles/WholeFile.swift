extension OpenFile {
    /// Writes all of `bytes` at `offset`, however little the system takes at a time.
    ///
    /// When this throws, any part of them may have been written.
    package func writeAll(_ bytes: some Sequence<UInt8>, at offset: Int64) throws(FileError) {
        var rest = ArraySlice(bytes)
        var position = offset
        while !rest.isEmpty {
            let count = try self.write(rest, at: position)
            rest = rest.dropFirst(count)
            position += Int64(count)
        }
    }

    /// Writes all of `bytes` after the last byte, however little the system takes at a time.
    ///
    /// When this throws, any first part of them may have been written: cut the file before going on.
    package func appendAll(_ bytes: some Sequence<UInt8>) throws(FileError) {
        var rest = ArraySlice(bytes)
        while !rest.isEmpty {
            rest = rest.dropFirst(try self.append(rest))
        }
    }

    /// Reads to the end; refuses (`tooLarge`) more than `limit` bytes, whatever the file said of its size.
    package func readAll(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try self.read(upTo: min(64 << 10, limit - bytes.count + 1), at: Int64(bytes.count))
            if part.isEmpty { return bytes }
            bytes += part
            guard bytes.count <= limit else {
                throw FileError(.tooLarge, .read, self.path, detail: "it has more than \(limit) bytes")
            }
        }
    }
}

extension FileSystem {
    /// Reads the whole file at `path`; refuses (`tooLarge`) more than `limit` bytes, and symbolic links.
    package func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try self.open(path, .read)
        // A file that was only read has nothing to lose on close.
        defer { try? file.close() }
        return try file.readAll(limit: limit)
    }

    /// Whether there is anything at `path`, a dangling link too.
    package func exists(_ path: String) throws(FileError) -> Bool {
        do throws(FileError) {
            _ = try self.status(of: path)
            return true
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
    }
}
