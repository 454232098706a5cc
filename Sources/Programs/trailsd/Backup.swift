import ArgumentParser
import TrailsServer
import TrailsStore
import TrailsStoreSQLite

/// `trailsd backup`: a copy of the store, while the server runs.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the store to a file, also while the server runs.",
        discussion: """
            The copy holds the tree as of one commit. The keys are not in it: keep server.key and admin.key as well.
            To restore, stop the server and put the copy in place of trails.sqlite.
            """)

    @OptionGroup var place: DataOptions

    @Argument(help: "The file to write; there must be none of that name.")
    var file: String

    func run() async throws {
        do {
            let directory = try self.place.directory()
            do throws(StoreError) {
                let store = try SQLiteTrailsStore.open(directory.store)
                defer { store.close() }
                try store.backup(to: self.file)
            } catch {
                throw ServerError(error)
            }
            Output.say("trailsd: backup in \(self.file)")
        } catch let error as ServerError {
            throw fail(error)
        }
    }
}
