package import Vocabulary

/// What a watch socket says: things that happened, and once that it has caught up.
package enum WatchFrame: Hashable, Sendable {
    /// All up to this event has been told; what follows is live.
    case live(eventID: Int64)
    case event(Event)

    /// `kind` names what happened; `app` is as it was after that.
    package struct Event: Hashable, Sendable {
        package var eventID: Int64
        package var appID: AppID
        package var kind: String
        package var app: AppView
        package var message: MessageView?

        package init(eventID: Int64, appID: AppID, kind: String, app: AppView, message: MessageView? = nil) {
            self.eventID = eventID
            self.appID = appID
            self.kind = kind
            self.app = app
            self.message = message
        }
    }
}

extension WatchFrame: WireRecord {
    package init(reading fields: FieldReader) throws(FrameError) {
        let eventID = try fields.need("event_id", .count)
        switch try fields.need("typ", .symbol) {
        case "live": self = .live(eventID: eventID)
        case "event":
            self = .event(
                Event(
                    eventID: eventID,
                    appID: try fields.need("app_id", .id()),
                    kind: try fields.need("kind", .symbol),
                    app: try fields.need("app", .record(AppView.self)),
                    message: try fields.find("message", .record(MessageView.self))))
        case let other: throw FrameError(.badMessage, field: "typ", "is no frame known here: \(other.prefix(40))")
        }
    }

    package var members: JSONObject {
        switch self {
        case .live(let eventID): .of(("typ", "live"), ("event_id", eventID))
        case .event(let event):
            .of(
                ("typ", "event"), ("event_id", event.eventID), ("app_id", event.appID), ("kind", event.kind),
                ("app", event.app.json), ("message", event.message?.json))
        }
    }
}
