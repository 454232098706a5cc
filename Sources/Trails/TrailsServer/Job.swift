import NIOCore
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

/// One command on its way through the writer.
struct Job: Sendable {
    var command: ProcessTree.Command
    /// Spent together with what the command does.
    var nonce: Nonce?
    /// Whose key speaks, and from where.
    var origin: Origin?
    /// A declaration whose signer could not be told from the working set.
    var declaration: SignedDeclaration?
    /// For a command to a subtree: which tags an app must carry to be meant.
    var filter: JSONValue?
    var reply: Reply

    /// Who makes a call or registers, as the network sees it.
    struct Origin: Sendable {
        var app: AppID
        var address: NetworkAddress?
    }

    /// A number that a signed call may use once.
    struct Nonce: Sendable {
        var bytes: [UInt8]
        var key: PublicKey
    }

    /// Who hears what came of it.
    enum Reply: Sendable {
        case none
        /// Called once, on the writer's thread: it must only hand the answer on.
        case call(@Sendable (Answer) -> Void)
        /// A frame of a connection.
        case socket(any Receiver, Ticket)
    }

    /// What came of a command.
    typealias Answer = Result<Done, Failure>

    struct Done: Sendable {
        var events: [ProcessTree.Event]
        /// Of the first event; what was already so has none.
        var firstID: EventID?
        /// What was already so, by the store: the request was a repeat of one that is settled.
        var isRepeat = false
        /// The app that the command is about, afterwards.
        var state: AppState?
        /// The message that was stored, now or before.
        var report: Report?
        /// Of the message, when it was stored before.
        var repeated: EventID?
    }

    /// Why a command did nothing.
    enum Failure: Error, Sendable {
        case refused(ProcessTree.Refusal)
        /// Its nonce was used before.
        case replayed
        /// The disk refused. The command may or may not be found after a restart.
        case store(StoreError)
        /// More commands are waiting than are kept.
        case overloaded
        case draining
    }
}

/// A connection as the writer sees it.
protocol Receiver: AnyObject, Sendable {
    var eventLoop: any EventLoop { get }
    /// On the event loop, in order, once for each batch.
    func receive(_ news: [News])
}

/// Which frame an answer belongs to.
enum Ticket: Sendable {
    case register(AppID, AppSocket.Wish, AppSocket.Proof?)
    case message(AppID, seq: Int64)
    case answer(AppID, CorrelationID)
    case disconnect(AppID)
}

/// What a connection is told after a commit.
enum News: Sendable {
    /// A message is stored; so are all up to `contiguous`.
    case stored(AppID, seq: Int64, contiguous: Int64)
    case done(Ticket, AppState?)
    case failed(Ticket, Job.Failure)
    case control(Control)
    /// Another connection speaks for the app now.
    case superseded(AppID)
    /// The app's key is worth nothing any more.
    case expelled(AppID)
    /// The app's key may not be used from there any more.
    case confined(AppID)

    /// Whether it answers a frame.
    var isAnswer: Bool {
        switch self {
        case .stored, .done, .failed: true
        case .control, .superseded, .expelled, .confined: false
        }
    }
}
