package import TrailsCore
package import TrailsWire
package import Vocabulary

/// What a `ClientCore` is told.
package enum ClientInput: Sendable {
    // The app
    case adopt(ClientIdentity)
    case report(AppID, Message)
    /// There is a handler for an action now; for `CancelBody.action` the cancel hook.
    case learn(AppID, action: String)
    case answered(AppID, CorrelationID, CommandAnswer)
    /// It says goodbye when all is acknowledged. An `isPatient` one waits for that as long as it takes, and becomes a
    /// hurried one when it is asked again.
    case leave(AppID, DisconnectReason, isPatient: Bool = false)
    /// No goodbye is patient any more.
    case hurry
    /// Asks to be told when every app is registered and all that was reported so far is acknowledged, or never will be.
    case flush(Int)
    // The socket
    case opened
    /// It is closed, or could not be opened. `isPolite`: we closed it and the server knew of it.
    case lost(String, isPolite: Bool)
    case writable(Bool)
    case received([UInt8])
    // Time
    case tick(ClientTimer)
}

/// What a `ClientCore` wants done, in this order.
package enum ClientOutput: Hashable, Sendable {
    case connect
    case close
    /// Frames that leave in one write.
    case send([[UInt8]])
    /// Replaces a timer of the same name.
    case schedule(ClientTimer, after: Duration)
    case drop(ClientTimer)
    case run(CommandCall)
    case cancel(CancelCall)
    case flushed(Int, isAll: Bool)
    /// Must be durable before anything that comes after it is done.
    case spool(SpoolNote)
    case warn(String)
    /// The client speaks for this app no longer.
    case ended(AppID, LaneEnd)
    /// Nobody is left to speak for, and the socket is closed.
    case finished
}

package enum ClientTimer: Hashable, Sendable {
    case reconnect
    /// Registrations have taken too long.
    case registration
    /// An app tries to register again.
    case retry(AppID)
    /// An app has waited long enough for its handlers.
    case settled(AppID)
    /// An app leaves, whatever is not acknowledged.
    case farewell(AppID)
}

/// A command to be run by the handler of its action.
package struct CommandCall: Hashable, Sendable {
    package let appID: AppID
    package let id: CorrelationID
    package let action: String
    package let payload: JSONValue
}

/// A cancel to be told to the hook. When `id` is `nil` nobody waits for an answer.
package struct CancelCall: Hashable, Sendable {
    package let appID: AppID
    package let id: CorrelationID?
    package let reason: String?
    package let initiatedBy: AppID?
    package let grace: Duration?
    /// The app that the cancel was meant for: this one, or one above it. `nil` where that is not known.
    package let target: AppID?
}

/// Why a client speaks for an app no longer.
package enum LaneEnd: Hashable, Sendable {
    /// It said goodbye.
    case left(DisconnectReason)
    /// The server refuses it for good.
    case refused(ErrorCode)
}

/// What the spool is to remember.
package enum SpoolNote: Hashable, Sendable {
    case accepted(AppID, Message)
    case dropped(AppID, MessageID)
    case numbered(AppID, incarnation: Int64, [MessageID: Int64])
    case stored(AppID, [MessageID])
}
