import DurableFiles
import Foundation
import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

extension Standing {
    /// What says who the caller is, and is not for the programs it starts.
    static let secrets = ["TRAILS_APP_ID", "TRAILS_CHILD_ID", "TRAILS_PRIVATE_KEY", "TRAILS_CONTEXT_KEY"]

    /// What a process that was started in `environment` can be: by TRAILS_INFO, by what `eval $(trails run)` has set,
    /// or by the root that `trails use` or TRAILS_APP has chosen. `nil` where nobody said anything.
    package static func find(in environment: [String: String]) throws(StandingProblem) -> Self? {
        let said = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let text = said(TrailsInfo.variable) {
            let info: TrailsInfo
            do throws(TrailsInfoError) {
                info = try TrailsInfo(text: text)
            } catch {
                throw StandingProblem(message: error.message, hint: error.hint)
            }
            guard info.enrolment != nil else { throw .notEnrolled }
            return said(TrailsInfo.heldVariable) == info.appID.description ? .child(of: try Parent(info)) : .app(info)
        }
        if let id = said("TRAILS_APP_ID").flatMap({ AppID($0) }),
            let key = said("TRAILS_PRIVATE_KEY").flatMap({ SigningKey(secretText: Self.plain($0)) })
        {
            return .child(of: try self.evaluated(id, key, said))
        }
        do throws(ContextError) {
            return try self.chosen(environment, said)
        } catch {
            // Where sessions cannot be told apart, nobody has chosen anything.
            if error.code == .noSession { return nil }
            throw StandingProblem(message: error.message, hint: error.hint)
        }
    }

    /// A value as `eval` leaves it: what a shell could take for something else is written as `%XX`.
    private static func plain(_ text: String) -> String { text.removingPercentEncoding ?? text }

    /// The app that a shell has become by `eval $(trails run)` or `eval $(trails resume)`.
    private static func evaluated(
        _ id: AppID, _ key: SigningKey, _ said: (String) -> String?
    ) throws(StandingProblem) -> Parent {
        let server = try self.endpoint(said("TRAILS_SERVER").map(self.plain) ?? self.serverDefault)
        guard let pin = said("TRAILS_SERVER_KEY"), let serverKey = PublicKey(self.plain(pin)) else {
            throw .noServerKey
        }
        // What is above is known to the server alone; its own level is at most this.
        return Parent(
            appID: id, key: key, server: server, serverKey: serverKey, level: server.isTLS ? .full : .signed)
    }

    private static let serverDefault = "ws://127.0.0.1:8443/ws"

    private static func endpoint(_ text: String) throws(StandingProblem) -> ServerEndpoint {
        do throws(ServerEndpoint.ParseError) {
            return try ServerEndpoint(text)
        } catch {
            throw StandingProblem(
                message: "the server \(text.quotedForPeople()) \(error.problem)",
                hint: "write it like wss://trails.example.com:8443/ws")
        }
    }
}

// MARK: - A chosen root

extension Standing {
    private static func chosen(
        _ environment: [String: String], _ said: (String) -> String?
    ) throws(ContextError) -> Self? {
        guard let home = said("TRAILS_HOME") ?? said("HOME").map({ "\($0)/.trails" }), home.hasPrefix("/") else {
            return nil
        }
        let files = POSIXFileSystem()
        let path = home.count > 1 && home.hasSuffix("/") ? String(home.dropLast()) : home
        let sessions = SessionStore(home: path, on: files, processes: LinuxProcessTable(), now: Timestamp.now)
        // A choice that failed is none: the work itself needs no root.
        guard case .context(let name, let kind) = try sessions.selection(environment: environment) else { return nil }
        let contexts = ContextStore(home: path, on: files, now: Timestamp.now)
        let isRoot = try contexts.exists(name, kind: .root)
        let id = try contexts.find(name, kind: kind ?? (isRoot ? .root : nil))
        let context = try contexts.read(id, passphrase: said("TRAILS_CONTEXT_KEY"))
        return .child(of: try Parent(context, server: said("TRAILS_SERVER").map(self.plain)))
    }
}

extension Standing.Parent {
    /// The app that a context file keeps. `server` is where the environment says that it is.
    fileprivate init(_ context: Context, server: String?) throws(ContextError) {
        guard let seed = context.privateKey, let key = SigningKey(seed: seed.bytes) else {
            throw ContextError(
                .needsPassphrase, "the context \(context.appName) is encrypted",
                hint: "give the passphrase in TRAILS_CONTEXT_KEY")
        }
        guard let endpoint = try? ServerEndpoint(server ?? context.server),
            let level = SecurityLevel(rawValue: context.securityLevel.rawValue)
        else { throw ContextError(.broken, "the context \(context.appName) names no server that can be reached") }
        guard let serverKey = context.serverPublicKey else {
            throw ContextError(
                .broken, "the context \(context.appName) does not know the key of its server",
                hint: "run any command that asks it, such as \"trails tree\"")
        }
        self.init(appID: context.appID, key: key, server: endpoint, serverKey: serverKey, level: level)
    }
}

extension StandingProblem {
    fileprivate static let noServerKey = Self(
        message: "TRAILS_SERVER_KEY, which \"eval $(trails run)\" sets, is missing or is no key",
        hint: "run \"eval $(trails run --name NAME)\" again")
}
