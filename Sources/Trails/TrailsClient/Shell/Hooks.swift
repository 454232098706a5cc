import Synchronization
import TrailsCore
import TrailsWire
public import Vocabulary

/// What the app does on command.
final class Hooks: Sendable {
    typealias Handler = @Sendable (JSONValue) async throws -> JSONValue?
    typealias CancelHook = @Sendable (CancelContext) async throws -> Void

    private struct Table {
        var handlers: [AppID: [String: Handler]] = [:]
        var cancels: [AppID: (grace: Duration, hook: CancelHook)] = [:]
    }

    private let table = Mutex(Table())

    func set(_ handler: @escaping Handler, for action: String, of app: AppID) {
        self.table.withLock { $0.handlers[app, default: [:]][action] = handler }
    }

    func setCancel(of app: AppID, grace: Duration, _ hook: @escaping CancelHook) {
        self.table.withLock { $0.cancels[app] = (grace, hook) }
    }

    func run(_ call: CommandCall) async -> CommandAnswer {
        guard let handler = self.table.withLock({ $0.handlers[call.appID]?[call.action] }) else {
            return CommandAnswer(.unknownAction)
        }
        do {
            return CommandAnswer(.done, result: try await handler(call.payload))
        } catch {
            return CommandAnswer(.failed, error: Self.text(of: error))
        }
    }

    func cancel(_ call: CancelCall) async -> CommandAnswer {
        guard let (grace, hook) = self.table.withLock({ $0.cancels[call.appID] }) else {
            return CommandAnswer(.unknownAction)
        }
        let context = CancelContext(
            reason: call.reason, initiatedBy: call.initiatedBy, graceRemaining: min(grace, call.grace ?? grace),
            target: call.target)
        do {
            try await hook(context)
            return CommandAnswer(.done)
        } catch {
            return CommandAnswer(.failed, error: Self.text(of: error))
        }
    }

    /// As long as the protocol allows.
    private static func text(of error: any Error) -> String {
        var text = String("\(error)".prefix(1_000))
        while text.utf8.count > WireLimits.sentenceBytesMax { text.removeLast() }
        return text
    }
}

/// What a cancel hook is told.
public struct CancelContext: Hashable, Sendable {
    /// Why, in the words of who cancelled.
    public let reason: String?
    /// Who cancelled, where that is known.
    public let initiatedBy: AppID?
    /// How long the hook has: after that the app counts as killed by force.
    public let graceRemaining: Duration
    /// Whom the cancel was meant for: this app, or one above it. `nil` where that is not known.
    public let target: AppID?
}
