import ArgumentParser
import DurableFiles
import TrailsCore
import TrailsServer
import TrailsStore
import TrailsStoreSQLite

/// `trailsd check`: does the store keep its promises?
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replay all events and compare them with what is stored.",
        discussion: "The server must be stopped. Ends with 0 when all is as promised, with 1 when something is not.")

    @OptionGroup var place: DataOptions

    func run() async throws {
        do {
            let directory = try self.place.directory()
            let lock = try directory.lock()
            defer { lock.release() }
            let report: CheckReport
            do throws(StoreError) {
                let store = try SQLiteTrailsStore.open(directory.store)
                defer { store.close() }
                report = try await store.reader.check(limits: TreeLimits())
            } catch {
                throw ServerError(error)
            }
            Output.say("trailsd: checked \(report.apps) apps, \(report.events) events, \(report.messages) messages")
            for violation in report.violations {
                Output.say("trailsd: broken: \(violation)")
            }
            guard report.violations.isEmpty else { throw ExitCode(1) }
            Output.say("trailsd: clean")
        } catch let error as ServerError {
            throw fail(error)
        }
    }
}
