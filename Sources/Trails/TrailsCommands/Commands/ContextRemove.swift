import ArgumentParser
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails context rm`: takes a context away. It does nothing to the children.
struct ContextRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove a kept context (with --root: a root).",
        discussion: """
            The file may be the only key to a tree that still runs. It is deleted when the server confirms that the \
            parent and all below it have ended; otherwise it goes to ~/.trails/trash for 30 days. --purge deletes it.
            """)

    @Argument(help: "The name.") var name: String
    @Flag(help: "Delete it, whatever runs.") var purge = false
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let id = try caller.findKept(ContextName(self.name))
        if self.purge {
            try caller.contexts.remove(id, purge: true)
            return
        }
        let reason: String
        switch await caller.verdict(on: id) {
        case .over:
            try caller.contexts.remove(id, purge: true)
            return
        case .live: reason = "its tree has not ended"
        case .unknown(let failure): reason = "nobody could say whether its tree has ended (\(failure.message))"
        }
        let trash = try caller.contexts.remove(id)
        _ = try? caller.contexts.sweepTrash()  // else the next one does it
        Output.note("\(reason), so the \(id) was moved to \(trash ?? "the trash"), where it stays for 30 days")
    }
}

extension Caller {
    enum Verdict {
        /// The server confirms that the app and all below it have ended.
        case over(AppStatus)
        case live
        /// The server cannot be asked, or does not say.
        case unknown(CommandFailure)
    }

    /// What the server says of the tree of a context. Never asks a person for a passphrase.
    func verdict(on id: ContextID) async -> Verdict {
        do {
            let context = try self.contexts.read(id)
            let canOpen =
                !context.isEncrypted || self.options.passphraseDescriptor != nil
                || !(self.environment["TRAILS_CONTEXT_KEY"] ?? "").isEmpty
            guard canOpen else { return .unknown(.usage("the \(id) is encrypted")) }
            let identity = try self.identity(of: id)
            let app = try await self.api(identity).app(identity.appID, as: identity.credentials)
            guard app.status.isEnded, let descendants = app.liveDescendants, descendants == 0 else { return .live }
            return .over(app.status)
        } catch {
            return .unknown(CommandFailure(wrapping: error) ?? CommandFailure(70, "\(error)"))
        }
    }
}
