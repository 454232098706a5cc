import ArgumentParser
import DurableFiles
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails admin …`: what only the holder of the server's admin key may do.
struct Admin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over with the server's admin key.",
        discussion: "The key is in the server's data directory; trailsd prints the path when it makes it.",
        subcommands: [AdminBind.self, AdminRevoke.self, AdminRekey.self])
}

/// The admin key, and the server it belongs to.
struct AdminOptions: ParsableArguments {
    @Option(
        name: .customLong("admin-key"),
        help: ArgumentHelp("The file with the server's admin key.", valueName: "file"))
    var file: String

    @Argument(help: ArgumentHelp("The app, its whole id.", valueName: "id")) var uuid: String

    func appID() throws -> AppID {
        guard let id = AppID(self.uuid) else {
            throw CommandFailure.usage(
                "\(self.uuid.quotedForPeople()) is not an app id", hint: "give all 36 characters")
        }
        return id
    }

    func credentials() throws -> Credentials {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try PrivateFile.read(self.file, limit: 4_096, on: POSIXFileSystem())
        } catch {
            throw CommandFailure(77, error.message, hint: error.hint)
        }
        let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
        guard let text, let key = SigningKey(secretText: text) else {
            throw CommandFailure(78, "\(self.file) holds no private key", hint: "it is admin.key of the server")
        }
        return Credentials(adminKey: key)
    }
}

/// `trails admin revoke`: makes the key of any app useless.
struct AdminRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Make the key of an app useless.")

    @OptionGroup var admin: AdminOptions
    @Option(help: "Why; kept in the record.") var reason: String?
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let api = caller.api(at: try caller.newEndpoint(), key: nil, patience: .seconds(5))
        let app = try await api.revoke(self.admin.appID(), reason: self.reason, as: self.admin.credentials())
        Output.line("the key of \(app.appName.shownToPeople()) (\(app.appID.short)) is revoked")
    }
}

/// `trails admin rekey`: gives any app a new key, in a new context.
struct AdminRekey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekey",
        abstract: "Give an app a new key, and keep it as a context.",
        discussion: "When this fails halfway, run it again.")

    @OptionGroup var admin: AdminOptions
    @Option(help: "The context to make.") var name: String
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let credentials = try self.admin.credentials()
        let appID = try self.admin.appID()
        let id = ContextID(try ContextName(self.name), self.who.kind ?? .root)
        try await caller.adopt(appID, as: id) { seed, api in
            guard let key = SigningKey(seed: seed.bytes) else { preconditionFailure("a seed is no key") }
            return try await api.rekey(appID, to: key, as: credentials)
        }
    }
}
