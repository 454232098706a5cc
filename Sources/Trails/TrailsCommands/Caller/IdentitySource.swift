import TrailsContexts
import TrailsWire
import Vocabulary

/// Where a command gets to know in whose name it acts.
enum IdentitySource: Equatable {
    /// `--as`: a context file by its path, or a context by its name.
    case file(String)
    case named(String)
    /// TRAILS_INFO: what the parent gave this process.
    case info(String)
    /// TRAILS_APP_ID and TRAILS_PRIVATE_KEY: what `eval` set.
    case environment(appID: AppID, key: SigningKey)
    /// What `trails use` chose in this session, or TRAILS_APP.
    case selection

    /// Who am I? The first of these that is there.
    static func whoAmI(as explicit: String?, environment: [String: String]) throws -> Self {
        if let explicit {
            guard !explicit.isEmpty else { throw CommandFailure.usage("--as is empty", hint: "give a name or a file") }
            return explicit.contains("/") ? .file(explicit) : .named(explicit)
        }
        if let info = environment[TrailsInfo.variable] {
            guard !info.isEmpty else {
                throw CommandFailure.usage(
                    "TRAILS_INFO is set, and empty",
                    hint: "did the \"trails child-info\" that should have made it fail? unset it to act for yourself")
            }
            return .info(info)
        }
        return try self.evaluated(environment) ?? .selection
    }

    private static func evaluated(_ environment: [String: String]) throws -> Self? {
        let app = environment["TRAILS_APP_ID"] ?? ""
        let key = environment["TRAILS_PRIVATE_KEY"] ?? ""
        if app.isEmpty, key.isEmpty { return nil }
        let hint = "set both with \"eval $(trails run ...)\" or \"eval $(trails resume ...)\", or unset both"
        guard !app.isEmpty, !key.isEmpty else {
            let (missing, given) =
                app.isEmpty ? ("TRAILS_APP_ID", "TRAILS_PRIVATE_KEY") : ("TRAILS_PRIVATE_KEY", "TRAILS_APP_ID")
            throw CommandFailure.usage("\(given) is set, but \(missing) is not", hint: hint)
        }
        guard let id = AppID(app) else { throw CommandFailure.usage("TRAILS_APP_ID is not an app id", hint: hint) }
        guard let signing = SigningKey(secretText: EvalOutput.decoded(key)) else {
            throw CommandFailure.usage("TRAILS_PRIVATE_KEY is not a private key", hint: hint)
        }
        return .environment(appID: id, key: signing)
    }
}

/// Which server: the first of these that is said.
enum ServerChoice {
    static let fallback = "ws://127.0.0.1:8443/ws"

    /// `own` is what the identity itself says. Where TRAILS_SERVER came from `eval` with another identity, it is that
    /// identity's and means nothing for one from a file.
    static func endpoint(
        option: String?, environment: [String: String], own: String?, isOwnFirst: Bool, config: String?
    ) throws -> ServerEndpoint {
        let variable = environment["TRAILS_SERVER"].flatMap { $0.isEmpty ? nil : EvalOutput.decoded($0) }
        let candidates: [(text: String?, origin: String)] =
            isOwnFirst
            ? [(option, "--server"), (own, "the server of the identity"), (variable, "TRAILS_SERVER")]
            : [(option, "--server"), (variable, "TRAILS_SERVER"), (own, "the server in the context file")]
        let rest: [(text: String?, origin: String)] = [
            (config, "server in config.yml"), (Self.fallback, "the default"),
        ]
        for (text, origin) in candidates + rest {
            guard let text else { continue }
            do throws(ServerEndpoint.ParseError) {
                return try ServerEndpoint(text)
            } catch {
                throw CommandFailure.usage(
                    "\(origin) \(error.problem)", hint: "write it like wss://trails.example.com:8443/ws")
            }
        }
        preconditionFailure("the default server is one")
    }
}
