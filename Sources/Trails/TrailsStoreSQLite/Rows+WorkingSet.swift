import HashTreeCollections
import SQLiteStorage
import TrailsCore
import Vocabulary

extension SQLConnection {
    /// Adds to `tree` who is live, who is being cancelled, and all that is above them; hands back the commands that
    /// wait for others.
    ///
    /// The live ones are most of it: they are read in the order of the tables, and go straight into the tree, where
    /// another thread puts them while the next are read. The few others are looked up.
    func load(into tree: inout ProcessTree) throws(StorageError) -> [Control] {
        let waiting = try self.waitingControls()
        try self.addLive(waiting, to: &tree)
        for member in try self.membersAtWork() { try self.add(member, to: &tree) }
        for parent in tree.children.keys { try self.add(parent, to: &tree) }
        for cascade in try self.cascadesAtWork() { tree.load(cascade) }
        return waiting.filter { !tree.apps.contains($0.app) }
    }

    private func addLive(_ waiting: [Control], to tree: inout ProcessTree) throws(StorageError) {
        let starts = try self.starts(after: 0)
        let controls = Dictionary(grouping: waiting, by: \.app)
        let intake = TreeIntake(tree)
        defer { tree = intake.finish() }
        let statement = try self.statement(
            """
            SELECT \(Self.appColumns), EXISTS (SELECT 1 FROM cascade_members member WHERE member.app_id = s.app_id)
            FROM app_status s INDEXED BY app_status_live CROSS JOIN apps a ON a.app_id = s.app_id WHERE s.is_live = 1
            """)
        defer { statement.reset() }
        while var row = try statement.step() {
            var found = try self.readApp(&row)
            starts.apply(to: &found.state, savedAt: found.savedAt)
            if !controls.isEmpty { found.state.controls = controls[found.state.id] ?? [] }
            if try row.next(Bool.self) { found.state.cascades = try self.cascades(over: found.state.id) }
            intake.add(found.state)
        }
    }

    /// Adds an app that may not be live, and whoever is above it.
    private func add(_ app: AppID, to tree: inout ProcessTree) throws(StorageError) {
        var next: AppID? = app
        while let app = next, !tree.apps.contains(app), let state = try self.state(of: app) {
            next = state.parent
            tree.load(state)
        }
    }

    /// All commands without an answer, in the order in which each app is to have its own.
    func waitingControls() throws(StorageError) -> [Control] {
        try self.rows(
            """
            SELECT \(Self.controlColumns) FROM control_queue WHERE state = 'waiting'
            ORDER BY cascade_id IS NULL, event_id
            """,
            read: Self.readControl)
    }

    private func membersAtWork() throws(StorageError) -> [AppID] {
        try self.rows(
            """
            SELECT member.app_id FROM cascades CROSS JOIN cascade_members member
            ON member.cascade_id = cascades.cascade_id WHERE cascades.finished_at IS NULL
            """
        ) { row throws(StorageError) in try row.next(AppID.self) }
    }
}
