import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

extension SQLConnection {
    /// Who is live, who is being cancelled, and all that is above them.
    ///
    /// The live ones are most of it: they are read in the order of the tables. The few others are looked up.
    func workingSet() throws(StorageError) -> WorkingSet {
        var rows = try self.rows(
            """
            SELECT \(Self.appColumns) FROM app_status s INDEXED BY app_status_live
            CROSS JOIN apps a ON a.app_id = s.app_id WHERE s.is_live = 1
            """,
            read: self.readApp)
        var places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1.state.id, $0) })
        let liveCount = rows.count
        try self.addMembers(to: &rows, &places)
        try self.addAncestors(to: &rows, &places)

        var states = try self.resolve(rows)
        let sleeping = try self.addControls(to: &states, places)
        try self.addCascades(to: &states, places, liveCount: liveCount)
        return WorkingSet(apps: states, cascades: try self.cascadesAtWork(), sleeping: sleeping)
    }

    private func addMembers(to rows: inout [AppRow], _ places: inout [AppID: Int]) throws(StorageError) {
        let members = try self.rows(
            """
            SELECT member.app_id FROM cascades CROSS JOIN cascade_members member
            ON member.cascade_id = cascades.cascade_id WHERE cascades.finished_at IS NULL
            """
        ) { row throws(StorageError) in try row.next(AppID.self) }
        for member in members { try self.add(member, to: &rows, &places) }
    }

    private func addAncestors(to rows: inout [AppRow], _ places: inout [AppID: Int]) throws(StorageError) {
        var place = 0
        while place < rows.count {
            if let parent = rows[place].state.parent { try self.add(parent, to: &rows, &places) }
            place += 1
        }
    }

    private func add(_ app: AppID, to rows: inout [AppRow], _ places: inout [AppID: Int]) throws(StorageError) {
        guard places[app] == nil, let row = try self.row(of: app) else { return }
        places[app] = rows.count
        rows.append(row)
    }

    /// Gives the commands that wait to the apps they wait for, and hands back those of others.
    @discardableResult
    func addControls(to states: inout [AppState], _ places: [AppID: Int]) throws(StorageError) -> [Control] {
        let controls = try self.rows(
            """
            SELECT \(Self.controlColumns) FROM control_queue WHERE state = 'waiting'
            ORDER BY cascade_id IS NULL, event_id
            """,
            read: Self.readControl)
        var others: [Control] = []
        for control in controls {
            if let place = places[control.app] {
                states[place].controls.append(control)
            } else {
                others.append(control)
            }
        }
        return others
    }

    private func addCascades(
        to states: inout [AppState], _ places: [AppID: Int], liveCount: Int
    ) throws(StorageError) {
        let members = try self.rows(
            """
            SELECT member.app_id, member.cascade_id FROM app_status s INDEXED BY app_status_live
            CROSS JOIN cascade_members member ON member.app_id = s.app_id
            WHERE s.is_live = 1 ORDER BY member.event_id
            """
        ) { row throws(StorageError) in (app: try row.next(AppID.self), cascade: try row.next(CascadeID.self)) }
        for (app, cascade) in members {
            if let place = places[app] { states[place].cascades.append(cascade) }
        }
        for place in liveCount..<states.count {
            states[place].cascades = try self.cascades(over: states[place].id)
        }
    }
}
