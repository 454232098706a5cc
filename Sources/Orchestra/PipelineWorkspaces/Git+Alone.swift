import DurableFiles

extension Git {
    /// How long another may hold the repository: as long as some commands of git may take.
    private static let patience = Duration.seconds(600)
    private static let pause = Duration.milliseconds(10)

    /// Does `work` while no other run changes which worktrees and branches the repository has.
    ///
    /// Many commands of git read the notes of all worktrees, and fail at those of one that is just being made.
    ///
    /// - Parameter work: gets the folder that git keeps its notes in.
    /// - Throws: what `work` throws, and that somebody else holds the repository for too long.
    @discardableResult
    func alone<Value>(_ work: (String) async throws(WorkspaceError) -> Value) async throws(WorkspaceError) -> Value {
        let folder = Paths.absolute(try await self.run("rev-parse", "--git-common-dir"), in: self.directory)
        let lock = try await Self.lock("\(folder)/orchestra.lock")
        defer { lock.release() }
        return try await work(folder)
    }

    private static func lock(_ path: String) async throws(WorkspaceError) -> FileLock {
        let end = ContinuousClock.now + Self.patience
        repeat {
            do throws(FileError) {
                if let lock = try FileLock.attempt(path, on: POSIXFileSystem()) { return lock }
            } catch {
                throw WorkspaceError("\(error)", hint: "may you write in that repository?")
            }
            do { try await Task.sleep(for: Self.pause) } catch { break }
        } while ContinuousClock.now < end
        throw WorkspaceError("\(path) is held by another run", hint: "try again when that has ended")
    }
}
