import SQLiteStorage
import Synchronization
import TurnModel
import Vocabulary

/// A write on its way to the thread.
struct WriteJob: Sendable {
    /// Does its part of the transaction.
    let perform: @Sendable (Rows) throws(TurnFault) -> Void
    /// Is called once: with `nil` when the transaction is committed.
    let answer: @Sendable (TurnFault?) -> Void

    init(
        perform: @escaping @Sendable (Rows) throws(TurnFault) -> Void, answer: @escaping @Sendable (TurnFault?) -> Void
    ) {
        self.perform = perform
        self.answer = answer
    }
}

/// What a job came to, held back until the commit.
final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, TurnStoreError>?>(nil)

    func set(_ result: Result<Value, TurnStoreError>) { self.result.withLock { $0 = result } }

    func get() -> Result<Value, TurnStoreError> {
        self.result.withLock { $0 } ?? .failure(.failed(TurnFault(.unavailable, "a write was not carried out")))
    }
}

/// Makes one transaction of all jobs of a batch. Nobody hears of it before it is committed.
struct Committer: Sendable {
    let file: SQLiteFile
    let clock: @Sendable () -> Timestamp

    private enum Ending {
        case committed
        /// All of it is undone; a job may be the cause.
        case undone(TurnFault)
        /// It could not begin, or it is not known how it ended.
        case failed(TurnFault)
    }

    func commit(_ jobs: [WriteJob]) {
        switch self.transaction(jobs) {
        case .committed: for job in jobs { job.answer(nil) }
        case .failed(let fault): for job in jobs { job.answer(fault) }
        case .undone(let fault):
            // One that is too much for the disk must not take the others with it.
            if jobs.count == 1 { jobs[0].answer(fault) } else { for job in jobs { self.commit([job]) } }
        }
    }

    private func transaction(_ jobs: [WriteJob]) -> Ending {
        do throws(StorageError) {
            return try self.file.write { connection throws(StorageError) in
                if connection.isInTransaction { try connection.execute("ROLLBACK") }
                try connection.run("BEGIN IMMEDIATE")
                let rows = Rows(connection: connection, now: self.clock())
                do throws(TurnFault) {
                    for job in jobs { try job.perform(rows) }
                } catch {
                    if connection.isInTransaction { try? connection.execute("ROLLBACK") }  // else at the next begin
                    return .undone(error)
                }
                try connection.run("COMMIT")
                try self.file.assertPresence()
                return .committed
            }
        } catch {
            try? self.file.write { connection throws(StorageError) in  // else at the next begin
                if connection.isInTransaction { try connection.execute("ROLLBACK") }
            }
            return .failed(TurnFault(error))
        }
    }
}
