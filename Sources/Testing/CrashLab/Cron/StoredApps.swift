import Foundation
import GRDB
import TrailsCore
import Vocabulary

/// The apps in the file of a store, read with SQL of its own: none of trailsd's code has a say in it.
struct StoredApps: Sendable {
    struct App: Hashable, Sendable {
        let id: AppID
        let parent: AppID?
        let name: String
        let status: String
        let isLive: Bool
        let isPermanentRoot: Bool
        /// That of the last registration.
        let key: PublicKey?
        /// What it reported as its result before it had ended, each time.
        var results: [String] = []
    }

    private(set) var byID: [AppID: App] = [:]

    /// Reads the file `path`, which nobody may be writing to.
    init(_ path: String) throws {
        let file = try DatabaseQueue(path: path)
        try file.read { database in
            let apps = try Row.fetchCursor(
                database,
                sql: """
                    SELECT app_id, parent_id, name, status, is_live, is_permanent_root, key
                    FROM apps LEFT JOIN app_status USING (app_id)
                    """)
            while let row = try apps.next() {
                let app = App(
                    id: try Self.id(row[0]), parent: try (row[1] as Data?).map(Self.id), name: row[2],
                    status: row[3] ?? "", isLive: row[4] ?? false, isPermanentRoot: row[5],
                    key: (row[6] as Data?).flatMap { PublicKey(bytes: $0) })
                self.byID[app.id] = app
            }
            let results = try Row.fetchCursor(
                database,
                sql: """
                    SELECT app_id, payload FROM messages
                    WHERE kind = 'Result' AND is_late = 0 AND is_tombstone = 0 ORDER BY event_id
                    """)
            while let row = try results.next() { self.byID[try Self.id(row[0])]?.results.append(row[1]) }
        }
        try file.close()
    }

    private static func id(_ bytes: Data) throws(LabError) -> AppID {
        guard let id = AppID(bytes: Array(bytes)) else { throw LabError("an id of \(bytes.count) bytes") }
        return id
    }
}

extension StoredApps {
    var all: some Collection<App> { self.byID.values }

    func children(of parent: AppID) -> [App] { self.all.filter { $0.parent == parent } }

    /// An app and those above it; ends where a parent is missing.
    func line(of app: App) -> [App] {
        var line = [app]
        while let parent = line[line.count - 1].parent.flatMap({ self.byID[$0] }), line.count <= self.byID.count {
            line.append(parent)
        }
        return line
    }
}
