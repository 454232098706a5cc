package import DurableFiles
package import TrailsWire
import Vocabulary

/// Where a server keeps what is its own: keys, lock, store.
///
///     server.key     the server's private key; made at the first start
///     admin.key      the administrator's private key; made at the first start
///     trailsd.lock   held while a server runs
///     trails.sqlite  the tree
package struct DataDirectory: Sendable {
    package let path: String
    private let files: any FileSystem

    /// Makes the directory where it is missing.
    package init(_ path: String, on files: any FileSystem = POSIXFileSystem()) throws(ServerError) {
        self.path = path
        self.files = files
        do {
            try DurableDirectory.make(path, on: files)
            try AtomicFile.sweep(path, on: files)
        } catch {
            throw ServerError(error)
        }
    }

    package var store: String { "\(self.path)/trails.sqlite" }
    package var adminKeyPath: String { "\(self.path)/admin.key" }

    /// Takes the directory for one process.
    package func lock() throws(ServerError) -> FileLock {
        let path = "\(self.path)/trailsd.lock"
        do {
            if let lock = try FileLock.attempt(path, on: self.files) { return lock }
        } catch {
            throw ServerError(error)
        }
        throw ServerError(
            .inUse, "the data directory \(self.path) is in use by another trailsd",
            hint: "stop it first, or give this one a directory of its own: --data DIR")
    }

    /// The key in `name`, made when there is none. Written before it is used for anything.
    package func key(_ name: String) throws(ServerError) -> SigningKey {
        let path = "\(self.path)/\(name)"
        do {
            return try self.read(path)
        } catch let error where error.code == .data {
            throw error
        } catch {
            var dice = SystemRandomNumberGenerator()
            let key = SigningKey.random(using: &dice)
            do {
                try AtomicFile.create(path, with: Array((key.secretText + "\n").utf8), on: self.files)
            } catch {
                throw ServerError(error)
            }
            return key
        }
    }

    /// Throws `configuration` when there is no such file, `data` when it cannot be used.
    private func read(_ path: String) throws(ServerError) -> SigningKey {
        let bytes: [UInt8]
        do {
            bytes = try PrivateFile.read(path, limit: 1_024, on: self.files)
        } catch  where error.code == .notFound {
            throw ServerError(.configuration, error.message)
        } catch {
            throw ServerError(error)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard let key = SigningKey(secretText: line) else {
            throw ServerError(
                .data, "\(path) does not hold a key", hint: "restore it from a backup: apps know the server by it")
        }
        return key
    }
}
