import AgentCore
package import AgentWorkspaces
package import DurableFiles
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The workspaces of a daemon on its disk.
///
///     ROOT/workspaces/SCOPE/NAME/meta.json    its record, replaced as a whole: with it the workspace is there
///                               /root/        what programs keep in it
///                          /.gone-…           one that was deleted and is not yet away
///
/// All that changes something is durable when it returns. When it throws, `read` says what is there now.
package struct WorkspaceStore: Sendable {
    /// Absolute and canonical.
    package let folder: String
    private let daemonRoot: String
    private let files: any FileSystem

    /// The path without symbolic links; `nil` when nothing is there.
    package typealias Canonical = @Sendable (String) -> String?

    private static let goneMark = ".gone-"
    private static let metaMax = 1 << 20

    /// - Parameter root: That of the daemon, which is there.
    package init(
        root: String, on files: any FileSystem, canonical: Canonical = { WorkspaceStore.canonicalPath($0) }
    ) {
        self.daemonRoot = canonical(root) ?? root
        self.folder = "\(self.daemonRoot)/workspaces"
        self.files = files
    }

    package static func canonicalPath(_ path: String) -> String? {
        guard !path.utf8.contains(0), let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private func meta(in place: String) -> String { "\(place)/meta.json" }
}

// MARK: - Reading

extension WorkspaceStore {
    /// All that is there. What cannot be read is named and left as it is; nothing keeps a daemon from starting.
    ///
    /// What a crash has left of a workspace that was being made or deleted is removed.
    package func load() -> Workspaces {
        var found = Workspaces(folder: self.folder, daemonRoot: self.daemonRoot)
        for scopeName in self.names(in: self.folder) {
            guard let scope = AgentID(hexOrDashed: scopeName), scope.hex == scopeName else { continue }
            let folder = "\(self.folder)/\(scopeName)"
            for name in self.names(in: folder) {
                if name.hasPrefix(Self.goneMark) {
                    self.clear("\(folder)/\(name)")
                } else if WorkspaceLabel.isValid(name) {
                    self.read(WorkspaceKey(scope: scope, name: name), into: &found)
                }
            }
        }
        return found
    }

    /// What is there of one workspace.
    package func read(_ key: WorkspaceKey, into all: inout Workspaces) {
        let place = all.place(of: key)
        do throws(FileError) {
            guard try self.files.exists(self.meta(in: place)) else {
                all.remove(key)
                return self.readUnfinished(place, key, into: &all)
            }
            let bytes = try self.files.read(self.meta(in: place), limit: Self.metaMax)
            guard try self.files.status(of: all.root(of: key)).kind == .directory else {
                return all.note(key, isDamaged: "its root is no folder")
            }
            // What a writer left that a crash has ended.
            _ = try? AtomicFile.sweep(place, on: self.files)
            do throws(WorkspaceDamage) {
                guard let json = try? JSONValue(parsing: bytes) else { throw WorkspaceDamage("it is no JSON") }
                all.put(try WorkspaceRecord(json, at: key))
            } catch {
                all.note(key, isDamaged: "its meta.json cannot be read: \(error.reason)")
            }
        } catch {
            all.note(key, isDamaged: error.message)
        }
    }

    /// Without a record there is nothing, unless somebody has put something there.
    private func readUnfinished(_ place: String, _ key: WorkspaceKey, into all: inout Workspaces) {
        guard self.names(in: all.root(of: key)).isEmpty else {
            return all.note(key, isDamaged: "its meta.json is not there")
        }
        _ = try? AtomicFile.sweep(place, on: self.files)
        try? self.files.removeDirectory(all.root(of: key))
        try? self.files.removeDirectory(place)
    }

    private func names(in folder: String) -> [String] { (try? self.files.names(in: folder)) ?? [] }
}

// MARK: - Writing

extension WorkspaceStore {
    /// Puts the record of a workspace on the disk, and makes its folders where they are missing.
    package func write(_ record: WorkspaceRecord, in all: Workspaces) throws(FileError) {
        let place = all.place(of: record.key)
        // One by one: each has its name made durable, also one that a try before this one has made.
        for folder in [self.folder, AtomicFile.directory(of: place), place, all.root(of: record.key)] {
            try DurableDirectory.make(folder, on: self.files)
        }
        let text = JSONValue.object(record.json(root: all.root(of: record.key))).text + "\n"
        try AtomicFile.replace(self.meta(in: place), with: Array(text.utf8), on: self.files)
    }

    /// Deletes a workspace with all that is in it. It is gone as soon as it has another name.
    package func remove(_ key: WorkspaceKey, in all: Workspaces) throws(FileError) {
        let place = all.place(of: key)
        let folder = AtomicFile.directory(of: place)
        var dice = SystemRandomNumberGenerator()
        let gone = "\(folder)/\(Self.goneMark)\(key.name)-\(String(dice.next(), radix: 16))"
        guard try self.files.exists(place) else { return }
        try self.files.rename(place, to: gone)
        try self.files.syncDirectory(folder)
        self.clear(gone)
    }

    /// Removes a folder and what is in it; follows no symbolic link. What cannot be removed stays for the next start.
    private func clear(_ folder: String) {
        var rest = [folder]
        var emptied: [String] = []
        while let path = rest.popLast() {
            guard (try? self.files.status(of: path).kind) == .directory else {
                try? self.files.unlink(path)
                continue
            }
            emptied.append(path)
            rest += self.names(in: path).map { "\(path)/\($0)" }
        }
        for path in emptied.reversed() { try? self.files.removeDirectory(path) }
    }
}
