import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

extension ProcessTree.Refusal {
    /// The word of the protocol for it (spec/trails.md §4).
    var code: ErrorCode {
        switch self {
        case .unknownApp, .unknownControl: .unknownApp
        case .notAuthorized, .notEnrolled, .levelTooLow, .permanentRoot, .elsewhere, .widening:
            .notAuthorized
        case .keyMismatch: .keyMismatch
        case .unproven: .badSignature
        case .revoked: .revoked
        case .cancelling: .cancelling
        case .superseded: .superseded
        case .conflict, .commandTaken, .declaredDifferently, .notLive, .notScheduled, .notRegistered, .detachedTarget,
            .cyclic:
            .conflict
        case .queueFull, .tooManyChildren, .tooManyCascades: .queueFull
        case .tooDeep: .tooLarge
        }
    }

    /// What to do about it.
    var hint: String? {
        switch self {
        case .notAuthorized(_?, let over): "run \"trails tree --uuid \(over.short)\" to see who is"
        case .keyMismatch: "another process registered as this app, or the key was replaced"
        case .notEnrolled: "start it with the TRAILS_INFO that \"trails child-info\" printed"
        case .revoked: "an ancestor can give it a new key: trails context rekey"
        case .permanentRoot: "end what is below it: trails cancel --cascade"
        case .elsewhere, .widening: "the administrator can bind it anew: trails context bind"
        case .detachedTarget: "a cancel reaches it all the same"
        case .queueFull: "wait until it has answered some"
        case .commandTaken: "give each command an identifier of its own"
        default: nil
        }
    }
}

extension Job.Failure {
    /// As the protocol says it.
    var frameError: FrameError {
        switch self {
        case .refused(let refusal): FrameError(refusal.code, refusal.description, hint: refusal.hint)
        case .replayed: FrameError(.replayed, "this call was made before", hint: "sign the call anew")
        case .store(let error): FrameError(.storeUnavailable, error.message, hint: error.hint)
        case .overloaded:
            FrameError(.rateLimited, "more is waiting for the disk than is kept", hint: "send it again later")
        case .draining: FrameError(.serverDraining, "the server is stopping", hint: "connect again in a moment")
        }
    }
}

extension ErrorFrame {
    init(_ failure: Job.Failure, of ticket: Ticket) {
        switch ticket {
        case .register(let app, _, _), .answer(let app, _), .disconnect(let app):
            self.init(failure.frameError, appID: app)
        case .message(let app, let seq): self.init(failure.frameError, appID: app, seq: seq)
        }
    }
}
