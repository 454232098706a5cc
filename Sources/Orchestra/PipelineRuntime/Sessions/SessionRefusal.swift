package import DotLanguage
package import PipelineCore
package import TurnModel
import Vocabulary

/// Why a session is not begun, resumed, replayed or asked. Nothing was changed.
package enum SessionRefusal: Error, Sendable {
    case notFound(String)
    case ambiguous(String, [DisplayID])
    case notASession(ContextID)
    /// It lives and ends with the session it is a branch of.
    case branch(DisplayID, of: ContextID)
    case ended(DisplayID, SessionStatus)
    case noCheckpoint(DisplayID)
    case noNextNode(DisplayID)
    case noFile(DisplayID)
    case missingFile(String)
    /// The blob with the text is not in the store.
    case missingSource(DisplayID)
    case modified(String, expected: String, actual: String)
    case unsound(String, [Diagnostic])
    case missingNode(NodeID, String)
    case running(DisplayID, Lease)
    case notRunning(DisplayID, SessionStatus)
    /// Somebody else has gone on with it in this very moment.
    case movedOn(DisplayID)
    case missingTurn(TurnID, of: DisplayID)
    case notACheckpoint(TurnID)
    case notAnAgentTurn(TurnID)
    /// Of no talk: its agent was asked once, or ended the talk itself.
    case noConversation(TurnID)
    case notFailed(DisplayID, SessionStatus)
    case reservedKey(String)
    /// Those of an earlier runner are not gone, or it cannot be found out.
    case commands(DisplayID, String)
    /// It began by itself, so there is no origin to compare it with.
    case noFork(DisplayID)
    case run(PipelineRun.Refusal)
    case damaged(TurnID?, String)
    case store(TurnStoreError)
}

extension SessionRefusal: CustomStringConvertible {
    /// One line for a person.
    package var description: String {
        switch self {
        case .notFound(let text): "session not found: \(text.quotedForPeople())"
        case .ambiguous(let text, let ids):
            "\(text.quotedForPeople()) could be any of \(ids.map(\.description).joined(separator: ", "))"
        case .notASession(let context): "context \(context) is not an Orchestra session"
        case .branch(let id, let parent): "session \(id) is a branch of session \(parent), and has no life of its own"
        case .ended(let id, let status): "session \(id) is \(status.rawValue)"
        case .noCheckpoint(let id): "No checkpoint is in session \(id)"
        case .noNextNode(let id): "session \(id) has no next_node_id, so there is nothing to go on with"
        case .noFile(let id): "session \(id) does not say which file its pipeline is in"
        case .missingFile(let path): "pipeline file not found: \(path)"
        case .missingSource(let id): "the pipeline of session \(id) was not found in the store"
        case .modified(let path, let expected, let actual):
            "\(path) was modified: expected hash \(expected.prefix(12)), found \(actual.prefix(12))"
        case .unsound(let path, let diagnostics):
            "\(path) cannot be run: \(diagnostics.first { $0.severity == .error }?.message ?? "it has errors")"
        case .missingNode(let node, let path): "node \(node) was not found in \(path)"
        case .running(let id, let lease):
            "session \(id) is running elsewhere: process \(lease.pid) on \(lease.host)"
        case .notRunning(let id, let status): "session \(id) is not running but \(status.rawValue)"
        case .movedOn(let id): "session \(id) is running: somebody else went on with it just now"
        case .missingTurn(let turn, let id): "turn \(turn) was not found in session \(id)"
        case .notACheckpoint(let turn): "turn \(turn) is not a checkpoint"
        case .notAnAgentTurn(let turn): "turn \(turn) is not the turn of an agent"
        case .noConversation(let turn):
            "turn \(turn) belongs to no talk that could go on"
        case .notFailed(let id, let status): "session \(id) has not failed but is \(status.rawValue)"
        case .reservedKey(let key): "context key \(key.quotedForPeople()) belongs to the engine"
        case .commands(let id, let what): "session \(id) cannot go on yet: \(what)"
        case .noFork(let id): "session \(id) is no fork"
        case .run(let refusal): refusal.description
        case .damaged(let turn, let what): "the record is damaged\(turn.map { " at turn \($0)" } ?? ""): \(what)"
        case .store(.refused(let refusal)): refusal.description
        case .store(.failed(let fault)): "the store cannot be reached: \(fault.message)"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .notFound: "run \"orchestra status --all\" to see the sessions there are"
        case .ambiguous: "type more of it"
        case .ended(let id, .failed):
            "run \"orchestra resume \(id) --from-failure\" to do the failed node again in a fork"
        case .ended(let id, _): "run \"orchestra replay \(id) --checkpoint <turn>\" to go on from an earlier moment"
        case .modified: "use --stored-graph to go on with the pipeline as it was"
        case .missingFile: "use --stored-graph to go on with the text in the store"
        case .running(let id, _): "run \"orchestra pause \(id)\" first, or wait until its lease is over"
        case .commands: "end them, and try again"
        case .noFork: "name the session to compare it with"
        case .noConversation: "fork at the checkpoint before it: orchestra replay ID --checkpoint TURN"
        case .notFailed(let id, let status) where !status.isFinal: "run \"orchestra resume \(id)\""
        case .notRunning(let id, _): "run \"orchestra resume \(id)\""
        case .store(.failed(let fault)): fault.hint ?? "run \"orchestra doctor\""
        default: nil
        }
    }
}

/// Asks the store, and answers in words of sessions.
func asking<Value>(
    _ patience: Patience? = nil, _ body: () async throws(TurnStoreError) -> Value
) async throws(SessionRefusal) -> Value {
    do throws(TurnStoreError) {
        return if let patience { try await patience.ask({ _ in }, body) } else { try await body() }
    } catch {
        throw .store(error)
    }
}
