import DurableFiles
import Vocabulary

/// Removing contexts: a script that goes on after an outage must not destroy the only key of a tree.
extension ContextStore {
    private var trash: String { "\(self.home)/trash" }

    /// Takes a context away, broken ones too; its file goes to the trash, or for ever with `purge`.
    ///
    /// Returns where in the trash it is.
    @discardableResult
    package func remove(_ id: ContextID, purge: Bool = false) throws(ContextError) -> String? {
        // Before the lock, which would make the directory of a store that is not there.
        _ = try self.bytes(of: id)
        let lock = try self.lock()
        defer { lock.release() }
        let bytes = try self.bytes(of: id)
        // The copy is durable before the original goes: at every moment one of them is there.
        let refuge = purge ? nil : try self.store(bytes, of: id)
        try contextual { () throws(FileError) in
            try self.files.unlink(self.path(of: id))
            try self.files.syncDirectory(self.directory(of: id))
        }
        if id.kind == .root {
            // An empty directory in the way of nobody; one that is not empty belongs to somebody.
            try? self.files.removeDirectory(self.directory(of: id))
        }
        return refuge
    }

    private func store(_ bytes: [UInt8], of id: ContextID) throws(ContextError) -> String {
        try self.makeDirectory(self.trash)
        for moment in self.now().milliseconds... {
            let path = "\(self.trash)/\(id.name).\(id.kind.rawValue).\(moment).yml"
            do throws(FileError) {
                try AtomicFile.create(path, with: bytes, on: self.files)
                return path
            } catch {
                guard error.code == .exists else { throw ContextError(error) }
            }
        }
        preconditionFailure("no name is left in \(self.trash)")
    }

    /// Destroys what was removed more than `trashLifetime` ago, and says how many files that were.
    @discardableResult
    package func sweepTrash() throws(ContextError) -> Int {
        let eldest = self.now() - Self.trashLifetime
        return try contextual { () throws(FileError) in
            guard try self.files.exists(self.trash) else { return 0 }
            var count = 0
            for name in try self.files.names(in: self.trash) {
                let parts = name.split(separator: ".")
                guard parts.last == "yml", let moment = parts.dropLast().last.flatMap({ Int64($0) }),
                    moment < eldest.milliseconds
                else { continue }
                try self.files.unlink("\(self.trash)/\(name)")
                count += 1
            }
            if count > 0 { try self.files.syncDirectory(self.trash) }
            return count
        }
    }
}
