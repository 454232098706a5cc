import PipelineCore
import ProcessGuard
import TurnModel
import Vocabulary

extension Sessions {
    /// How long a resume waits for the commands of the earlier runner: their grace, and some time for the kernel.
    static let commandsMax = Duration.seconds(20)

    /// The lock of the commands of a run; `nil` where runs leave no files.
    func commands(of displayID: DisplayID, isNew: Bool = false) -> CommandLock? {
        self.kit.place.runDirectory.map { CommandLock(of: RunDirectory(in: $0, of: displayID).path, isNew: isNew) }
    }

    /// Returns when no command is left of the runner that has gone; says so when that cannot be found out.
    ///
    /// A runner that is taken over may still be there with its commands: it ends them when it hears of that, and the
    /// first command of the new runner waits for it.
    func waitForCommands(of row: SessionRow) async throws(SessionRefusal) {
        guard let lease = row.lease, !lease.isReleased, let commands = self.commands(of: row.displayID) else { return }
        guard lease.host == self.kit.owner.host else {
            return self.kit.say(
                "session \(row.displayID) ran on \(lease.host): whether its commands have ended there is not known")
        }
        guard try !self.summary(of: row).status.isLive else { return }
        do throws(ProcessError) {
            try await commands.waitUntilClear(for: Self.commandsMax + self.kit.place.grace)
        } catch {
            throw .commands(row.displayID, error.message)
        }
    }
}
