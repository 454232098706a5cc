import PipelineRuntime
import Synchronization
import TurnModel
import Vocabulary

/// Prints every event of a run when it happens, as a line for people or for programs.
final class EventPrinter: RunObserver {
    private let json: Bool
    private let say: @Sendable (String) -> Void
    private let displayID = Mutex<DisplayID?>(nil)

    /// `say` prints a line. That of a run goes on whoever reads.
    init(
        json: Bool, displayID: DisplayID? = nil, say: @escaping @Sendable (String) -> Void = { Output.progress($0) }
    ) {
        self.json = json
        self.say = say
        self.displayID.withLock { $0 = displayID }
    }

    func observe(_ event: RunEvent) {
        if case .pipelineStarted(let beginning) = event.fact {
            self.displayID.withLock { $0 = beginning.displayID }
        }
        if self.json {
            self.say(JSONValue.object(event.json).text)
        } else if let text = EventLine(event: event, displayID: self.displayID.withLock { $0 }).text {
            self.say(text)
        }
    }
}
