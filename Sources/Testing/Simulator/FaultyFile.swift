import DurableFiles
import Synchronization

/// An open file of a `FaultyFileSystem`.
final class FaultyFile: OpenFile {
    private struct Use {
        var isClosed = false
        var isPoisoned = false
    }

    let path: String
    private let disk: FaultyFileSystem
    private let place: DiskState.Place
    private let appends: Bool
    private let use = Mutex(Use())

    init(path: String, disk: FaultyFileSystem, place: DiskState.Place, appends: Bool) {
        self.path = path
        self.disk = disk
        self.place = place
        self.appends = appends
    }

    deinit {
        self.letGo()
    }

    private func checkUse(_ operation: FileError.Operation) throws(FileError) {
        let use = self.use.withLock { $0 }
        precondition(!use.isClosed, "\(operation) of \(self.path) after close")
        if use.isPoisoned { throw FileError(.poisoned, operation, self.path) }
    }

    private func operate<Answer: Sendable>(
        _ operation: FileError.Operation, _ body: (inout DiskState) throws(FileError) -> Answer
    ) throws(FileError) -> Answer {
        try self.checkUse(operation)
        return try self.disk.locked { (state) throws(FileError) in
            try state.operate(operation, self.path, life: self.place.life, body)
        }
    }

    func status() throws(FileError) -> FileStatus {
        try self.checkUse(.status)
        return try self.disk.locked { (state) throws(FileError) in
            try state.checkPower(.status, self.path, life: self.place.life)
            return state.status(self.place.node)
        }
    }

    func read(upTo count: Int, at offset: Int64) throws(FileError) -> [UInt8] {
        try self.operate(.read) { (state) throws(FileError) in
            guard state.nodes[self.place.node]!.kind == .file else { throw FileError(.notFile, .read, self.path) }
            let bytes = state.nodes[self.place.node]!.bytes.cached
            return Array(bytes.dropFirst(Int(offset)).prefix(count))
        }
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(FileError) -> Int {
        precondition(!self.appends, "write at \(offset) to \(self.path), which is open for appending")
        return try self.put(bytes) { _ in Int(offset) }
    }

    func append(_ bytes: ArraySlice<UInt8>) throws(FileError) -> Int {
        precondition(self.appends, "append to \(self.path), which is not open for appending")
        return try self.put(bytes) { $0.nodes[self.place.node]!.bytes.cached.count }
    }

    private func put(
        _ bytes: ArraySlice<UInt8>, at position: (DiskState) -> Int
    ) throws(FileError) -> Int {
        precondition(!bytes.isEmpty, "empty write to \(self.path)")
        return try self.operate(.write) { (state) throws(FileError) in
            let part = Array(bytes.prefix(state.portion(of: bytes.count)))
            state.change(self.place.node, .write(part, at: position(state)))
            return part.count
        }
    }

    func truncate(to length: Int64) throws(FileError) {
        try self.operate(.cut) { (state) throws(FileError) in
            state.change(self.place.node, .truncate(to: Int(length)))
        }
    }

    func sync() throws(FileError) {
        do throws(FileError) {
            try self.operate(.sync) { (state) throws(FileError) in state.nodes[self.place.node]!.bytes.sync() }
        } catch {
            self.use.withLock { $0.isPoisoned = true }
            self.disk.state.withLock { state in
                // A crash in the middle of a sync leaves the writes pending: its damage decides.
                let isAlive = !state.hasCrashed && state.life == self.place.life
                if isAlive { state.nodes[self.place.node]!.bytes.giveUp() }
            }
            throw error
        }
    }

    func tryLock() throws(FileError) -> Bool {
        try self.checkUse(.lock)
        return try self.disk.locked { (state) throws(FileError) in
            try state.checkPower(.lock, self.path, life: self.place.life)
            let holder = state.nodes[self.place.node]!.lockHolder
            guard holder == nil || holder == self.place.handle else { return false }
            state.nodes[self.place.node]!.lockHolder = self.place.handle
            return true
        }
    }

    func unlock() throws(FileError) {
        try self.checkUse(.unlock)
        self.letGo()
    }

    func close() throws(FileError) {
        self.use.withLock { $0.isClosed = true }
        self.letGo()
    }

    private func letGo() {
        self.disk.state.withLock { state in
            let holds = state.life == self.place.life && state.nodes[self.place.node]!.lockHolder == self.place.handle
            if holds { state.nodes[self.place.node]!.lockHolder = nil }
        }
    }
}
