import Dispatch
import Synchronization
import TrailsCore

/// Puts apps into a tree on another thread, while whoever found them looks for the next.
///
/// The order is kept. Who has fewer than a batch of them does it all on the own thread.
final class TreeIntake {
    private static let batch = 1_024

    /// Belongs to the queue until `finish`; the lock is never waited for.
    private final class Place: Sendable {
        let tree: Mutex<ProcessTree>

        init(_ tree: ProcessTree) { self.tree = Mutex(tree) }

        func load(_ states: [AppState]) {
            self.tree.withLock { tree in
                for state in states { tree.load(state) }
            }
        }
    }

    private let place: Place
    private let queue = DispatchQueue(label: "cairn.intake")
    private var found: [AppState] = []

    init(_ tree: ProcessTree) {
        self.place = Place(tree)
    }

    func add(_ state: AppState) {
        self.found.append(state)
        guard self.found.count == Self.batch else { return }
        self.queue.async { [place, found] in place.load(found) }
        self.found = []
        self.found.reserveCapacity(Self.batch)
    }

    /// The tree with all of them in it.
    func finish() -> ProcessTree {
        self.queue.sync {}
        self.place.load(self.found)
        return self.place.tree.withLock { $0 }
    }
}
