import Logging
import PipelineRuntime
import TurnModel
import Vocabulary

extension PipelineService {
    /// Between two tries to get a place in the hall.
    private static let patience = Duration.milliseconds(200)

    /// Goes on with the sessions that an earlier server paused when it ended, oldest first, as there are places.
    func resumeDrained() async {
        do {
            for row in try await self.sessions.drained() where !self.hall.isClosed { try await self.resumeDrained(row) }
        } catch is CancellationError {
        } catch {
            self.logger.error("sessions of an earlier server cannot be found", metadata: ["error": "\(error)"])
        }
    }

    private func resumeDrained(_ row: SessionRow) async throws {
        while !self.hall.isClosed {
            do {
                return try await self.resume(drained: row)
            } catch let problem as Problem where problem.code == .tooManyRuns {
                try await Task.sleep(for: Self.patience)
            } catch {
                return self.logger.warning(
                    "a session of an earlier server stays paused",
                    metadata: ["session": "\(row.displayID)", "error": "\(error)"])
            }
        }
    }
}
