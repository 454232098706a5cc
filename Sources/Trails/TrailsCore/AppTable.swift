import HashTreeCollections
package import Vocabulary

/// Apps by their names. A copy costs nothing; to change one app then copies that app and a few references.
///
/// In the nodes of a `TreeDictionary` the states themselves would be copied with each of their neighbours.
package struct AppTable: Sendable {
    /// An app as it was at one moment.
    fileprivate final class Cell: Sendable {
        let state: AppState

        init(_ state: consuming AppState) { self.state = state }
    }

    private var cells: TreeDictionary<AppID, Cell> = [:]

    /// An empty table.
    package init() {}

    package var count: Int { self.cells.count }

    package var keys: some Collection<AppID> { self.cells.keys }

    package var isEmpty: Bool { self.cells.isEmpty }

    package var values: some Collection<AppState> { self.cells.values.lazy.map(\.state) }

    package subscript(id: AppID) -> AppState? {
        get { self.cells[id]?.state }
        set { self.cells[id] = newValue.map { Cell($0) } }
    }

    /// Adds an app, or takes the place of what is known of it.
    mutating func insert(_ state: consuming AppState) {
        let id = state.id
        self.cells[id] = Cell(state)
    }

    package func contains(_ id: AppID) -> Bool { self.cells[id] != nil }

    /// Changes an app; `false` when it is not there.
    mutating func update(_ id: AppID, _ change: (inout AppState) -> Void) -> Bool {
        guard let cell = self.cells[id] else { return false }
        var state = cell.state
        change(&state)
        self.cells[id] = Cell(state)
        return true
    }

    /// Shows every app to `look`, in no order, and copies none.
    func forEach(_ look: (borrowing AppState) -> Void) {
        for cell in self.cells.values { look(cell.state) }
    }
}

extension AppTable {
    /// Changes every app for which `change` answers with a new state; without a look-up for each.
    mutating func replaceAll(_ change: (AppState) -> AppState?) {
        self.cells = self.cells.mapValues { cell in change(cell.state).map { Cell($0) } ?? cell }
    }
}

extension AppTable: Sequence {
    package struct Iterator: IteratorProtocol {
        fileprivate var cells: TreeDictionary<AppID, Cell>.Iterator

        package mutating func next() -> (key: AppID, value: AppState)? {
            self.cells.next().map { ($0.key, $0.value.state) }
        }
    }

    package func makeIterator() -> Iterator { Iterator(cells: self.cells.makeIterator()) }
}
