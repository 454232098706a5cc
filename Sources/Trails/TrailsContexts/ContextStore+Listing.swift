import DurableFiles

extension ContextStore {
    /// One line of a listing: a context, or why its file is not one.
    package struct Listed: Sendable {
        package let id: ContextID
        package let content: Result<Context, ContextError>
    }

    /// All contexts by name, broken ones too. Files that have no context's name are passed over.
    package func list() throws(ContextError) -> [Listed] {
        guard try contextual({ () throws(FileError) in try self.files.exists(self.home) }) else { return [] }
        var ids: [ContextID] = []
        try contextual { () throws(FileError) -> Void in
            try PrivateFile.checkDirectory(self.home, on: self.files)
            for name in try self.files.names(in: self.home) {
                guard let name = try? ContextName(name) else { continue }
                let id = ContextID(name, .root)
                guard try self.files.status(of: self.directory(of: id)).kind == .directory else { continue }
                if try self.files.exists(self.path(of: id)) { ids.append(id) }
            }
            let kept = "\(self.home)/contexts"
            guard try self.files.exists(kept) else { return }
            for name in try self.files.names(in: kept) where name.hasSuffix(".yml") {
                if let name = try? ContextName(String(name.dropLast(4))) { ids.append(ContextID(name, .kept)) }
            }
        }
        return ids.sorted().map { id in
            do throws(ContextError) {
                return Listed(id: id, content: .success(try self.read(id)))
            } catch {
                return Listed(id: id, content: .failure(error))
            }
        }
    }
}
