import AgentCore
import AgentWorkspaces
import DurableFiles
import Synchronization
import Vocabulary

/// The one place where workspaces change: one who changes them at a time, the disk first, then what others see.
///
/// Who gives a workspace to an agent does so in here too, so that none is deleted in the same moment.
package final class WorkspaceDesk: Sendable {
    private struct State {
        var all: Workspaces
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let store: WorkspaceStore
    let canonical: WorkspaceStore.Canonical
    private let state: Mutex<State>

    /// Reads what is on the disk. Blocks.
    init(_ root: String, _ options: HostOptions) {
        self.canonical = options.canonicalPath
        self.store = WorkspaceStore(root: root, on: options.files, canonical: options.canonicalPath)
        self.state = Mutex(State(all: self.store.load()))
    }

    /// What is on the disk.
    var all: Workspaces { self.state.withLock { $0.all } }

    /// Runs `body` while nobody else is in here, in the order of asking. The wait cannot be cancelled: a call that is
    /// recorded is carried out, and each takes no longer than its writes.
    func alone<Value, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await withCheckedContinuation { continuation in
            let isFree = self.state.withLock { state in
                if state.isTaken { state.waiting.append(continuation) }
                defer { state.isTaken = true }
                return !state.isTaken
            }
            if isFree { continuation.resume() }
        }
        defer {
            let next = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard !state.waiting.isEmpty else {
                    state.isTaken = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.resume()
        }
        return try await body()
    }

    /// Puts records on the disk. Only within `alone`.
    func put(_ records: [WorkspaceRecord]) async throws(HostError) {
        for record in records {
            try await self.change(record.key) { (store, all) throws(FileError) in
                try store.write(record, in: all)
                all.put(record)
            }
        }
    }

    /// Deletes workspaces, one after the other. Only within `alone`.
    func remove(_ keys: [WorkspaceKey]) async throws(HostError) {
        for key in keys {
            try await self.change(key) { (store, all) throws(FileError) in
                try store.remove(key, in: all)
                all.remove(key)
            }
        }
    }

    private typealias Change = @Sendable (WorkspaceStore, inout Workspaces) throws(FileError) -> Void

    /// Does something on a thread of its own. When it fails, nobody knows what it has done: it is looked up.
    private func change(_ key: WorkspaceKey, _ body: @escaping Change) async throws(HostError) {
        let (store, all) = (self.store, self.all)
        let (failure, changed) = await onThreadOfItsOwn { () -> (FileError?, Workspaces) in
            var changed = all
            do throws(FileError) {
                try body(store, &changed)
                return (nil, changed)
            } catch {
                store.read(key, into: &changed)
                return (error, changed)
            }
        }
        self.state.withLock { $0.all = changed }
        if let failure {
            throw HostError(.internal, "workspace \(key) cannot be written: \(failure.message)", hint: failure.hint)
        }
    }
}
