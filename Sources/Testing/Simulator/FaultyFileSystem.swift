package import DurableFiles
import Synchronization
import TestKit

/// A disk in memory that can lose power at any step, and loses then all that a real one may lose.
///
/// Operations (everything that reads or changes the disk; not `close`, `status`, `names` and locks) are counted
/// from 1. Each has two crash points: 2n - 1 before operation n, so that it did not happen, and 2n after it, so
/// that it happened but the caller is not told. From the crash on everything throws, until `restart`.
///
///     let disk = FaultyFileSystem(crashAt: 7)
///     try? AtomicFile.replace("/data/a", with: bytes, on: disk)
///     disk.restart(after: .all[3])
///     // now the disk holds what that damage left; look, and go on working
package final class FaultyFileSystem: FileSystem {
    let state: Mutex<DiskState>

    /// Makes a disk with the durable empty `directories`.
    ///
    /// The `seed` decides where cuts and flips fall. `faults` maps the number of an operation to what befalls it.
    package init(
        seed: UInt64 = 0, crashAt crashPoint: Int? = nil, faults: [Int: Fault] = [:],
        directories: [String] = ["/data"]
    ) {
        var state = DiskState(seed: seed)
        for directory in directories { state.addDurableDirectory(directory) }
        state.crashPoint = crashPoint
        state.faults = faults
        self.state = Mutex(state)
    }

    private init(_ state: DiskState) {
        self.state = Mutex(state)
    }

    /// Another disk in the same state. Files that are open on this one are not open there.
    package func copy(seed: UInt64 = 0, crashAt crashPoint: Int? = nil) -> FaultyFileSystem {
        var state = self.state.withLock { $0 }
        state.dice = SplitMix64(seed: seed)
        state.crashPoint = crashPoint
        return FaultyFileSystem(state)
    }

    /// What an operation meets instead of its success.
    package enum Fault: Hashable, Sendable {
        /// ENOSPC; nothing was done.
        case full
        /// EIO. Nothing was done; but a failed sync also gives up, for ever, what it should have made durable.
        case io
        /// A write takes only this many bytes, at least one. No meaning for other operations.
        case short(Int)
    }

    /// How many operations there were since the beginning, or since `restart`.
    package var operations: Int { self.state.withLock { $0.operations } }

    /// What those operations were, in order: what was synced, and how often.
    package var trace: [FileError.Operation] { self.state.withLock { $0.trace } }

    /// Whether the crash point was reached.
    package var hasCrashed: Bool { self.state.withLock { $0.hasCrashed } }

    /// Loses power now, if it was not lost before, and comes up again with what `damage` left on the disk.
    ///
    /// What was opened before is dead. Operations are counted from 1 again and neither crash nor fail unless
    /// `crashPoint` and `faults` say so.
    package func restart(after damage: Damage, crashAt crashPoint: Int? = nil, faults: [Int: Fault] = [:]) {
        self.state.withLock { state in
            state.loseCache(damage)
            state.crashPoint = crashPoint
            state.faults = faults
        }
    }

    /// Sets the owner and the permissions of what is at `path`, durably: for the making of a test's scene.
    package func setMode(_ path: String, owner: UInt32? = nil, permissions: Permissions) throws(FileError) {
        try self.locked { (state) throws(FileError) in
            let number = try state.find(path, .status)
            state.nodes[number]?.owner = owner ?? self.user
            state.nodes[number]?.permissions = permissions
        }
    }

    func locked<Answer: Sendable>(
        _ body: (inout DiskState) throws(FileError) -> Answer
    ) throws(FileError) -> Answer {
        let result = self.state.withLock { state -> Result<Answer, FileError> in
            do throws(FileError) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    // MARK: FileSystem

    package var user: UInt32 { DiskState.user }

    package func open(_ path: String, _ options: OpenOptions) throws(FileError) -> any OpenFile {
        let place = try self.locked { (state) throws(FileError) in
            try state.operate(.open, path) { (state) throws(FileError) in try state.open(path, options) }
        }
        return FaultyFile(path: path, disk: self, place: place, appends: options.appends)
    }

    package func status(of path: String) throws(FileError) -> FileStatus {
        try self.locked { (state) throws(FileError) in
            try state.checkPower(.status, path)
            return try state.status(state.find(path, .status))
        }
    }

    package func names(in directory: String) throws(FileError) -> [String] {
        try self.locked { (state) throws(FileError) in
            try state.checkPower(.list, directory)
            let number = try state.findDirectory(directory, .list)
            return state.nodes[number]!.names.cached.keys.sorted()
        }
    }

    package func link(_ path: String, as other: String) throws(FileError) {
        try self.operate(.link, other) { (state) throws(FileError) in try state.link(path, as: other) }
    }

    package func rename(_ path: String, to other: String) throws(FileError) {
        try self.operate(.rename, path) { (state) throws(FileError) in try state.rename(path, to: other) }
    }

    package func unlink(_ path: String) throws(FileError) {
        try self.operate(.remove, path) { (state) throws(FileError) in try state.unlink(path) }
    }

    package func makeDirectory(_ path: String, permissions: Permissions) throws(FileError) {
        try self.operate(.makeDirectory, path) { (state) throws(FileError) in
            try state.makeDirectory(path, permissions)
        }
    }

    package func removeDirectory(_ path: String) throws(FileError) {
        try self.operate(.removeDirectory, path) { (state) throws(FileError) in try state.removeDirectory(path) }
    }

    package func syncDirectory(_ path: String) throws(FileError) {
        try self.operate(.syncDirectory, path) { (state) throws(FileError) in
            let number = try state.findDirectory(path, .syncDirectory)
            state.nodes[number]!.names.sync()
        }
    }

    private func operate(
        _ operation: FileError.Operation, _ path: String, _ body: (inout DiskState) throws(FileError) -> Void
    ) throws(FileError) {
        try self.locked { (state) throws(FileError) in try state.operate(operation, path, body) }
    }
}
