import TrailsClient
import TrailsContexts
import TrailsCore
import TrailsWire
import Vocabulary

/// In whose name a command acts, and where that one is known.
struct Identity: Sendable {
    enum Origin: Hashable, Sendable {
        case context(ContextID)
        case file(String)
        case info
        case environment
    }

    let origin: Origin
    let appID: AppID
    let key: SigningKey
    /// `nil` where only the server knows it.
    var name: String?
    var parentID: AppID?
    var endpoint: ServerEndpoint
    /// Pins the server.
    var serverKey: PublicKey?
    /// `nil` where only the server knows it.
    var level: SecurityLevel?
    /// Those above, nearest first, as far as they are known.
    var ancestors: [Ancestor] = []
    /// How it registers with its first report; only for a process that was given TRAILS_INFO.
    var enrolment: Enrolment?

    var credentials: Credentials { Credentials(app: self.appID, key: self.key) }

    /// Where it was found, for people.
    var originText: String {
        switch self.origin {
        case .context(let id): "the \(id)"
        case .file(let path): path
        case .info: "TRAILS_INFO"
        case .environment: "TRAILS_APP_ID and TRAILS_PRIVATE_KEY"
        }
    }
}

extension Identity {
    /// Who a process is that was given TRAILS_INFO. Its key is derived, so it is the same at each start.
    init(info text: String) throws {
        let info: TrailsInfo
        do throws(TrailsInfoError) {
            info = try TrailsInfo(text: text)
        } catch {
            throw CommandFailure.usage(error.message, hint: error.hint)
        }
        guard let enrolment = info.enrolment else {
            throw CommandFailure.usage(
                "TRAILS_INFO holds no enrolment, so this process has no key of its own",
                hint: "make it with \"trails child-info\"")
        }
        self.init(
            origin: .info, appID: info.appID, key: enrolment.derivedKey(), name: info.appName,
            parentID: info.parentID, endpoint: info.server,
            serverKey: info.serverKey ?? enrolment.declaration.declaration.serverKey, level: info.level,
            ancestors: info.ancestors, enrolment: enrolment)
    }
}
