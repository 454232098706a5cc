import TrailsCore
package import TrailsWire
import Vocabulary

extension WatchFrame.Event {
    /// The app after this event, given how it was before. The event itself tells the state, and a report's own content.
    package func view(after before: AppView?) -> AppView {
        var app = self.app
        app.progress = app.progress ?? before?.progress
        app.note = app.note ?? before?.note
        app.message = app.message ?? before?.message
        app.result = app.result ?? before?.result
        guard let message = self.message, !message.isLate, !message.isTombstone else { return app }
        switch message.kind {
        case .status:
            app.progress = message.payload["progress"]?.number
            app.note = message.payload["note"]?.string
        case .result: app.result = message.payload
        case .error: app.message = message.payload["message"]?.string ?? message.payload.string
        }
        return app
    }
}
