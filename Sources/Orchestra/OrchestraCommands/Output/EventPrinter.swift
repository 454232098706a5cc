import PipelineRuntime
import Synchronization
import TurnModel
import Vocabulary

/// Prints every event of a run when it happens, as a line for people or for programs.
final class EventPrinter: RunObserver {
    private let json: Bool
    private let displayID = Mutex<DisplayID?>(nil)

    init(json: Bool, displayID: DisplayID? = nil) {
        self.json = json
        self.displayID.withLock { $0 = displayID }
    }

    func observe(_ event: RunEvent) {
        if case .pipelineStarted(let beginning) = event.fact {
            self.displayID.withLock { $0 = beginning.displayID }
        }
        if self.json {
            Output.progress(JSONValue.object(event.json).text)
        } else if let text = EventLine(event: event, displayID: self.displayID.withLock { $0 }).text {
            Output.progress(text)
        }
    }
}
