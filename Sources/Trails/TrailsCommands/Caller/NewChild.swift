import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// A child that a parent is about to have: what it is called, and the enrolment that lets it register.
struct NewChild: Sendable {
    let name: String
    let enrolment: Enrolment
    let parent: Identity
    let tags: JSONObject

    var appID: AppID { self.declaration.appID }
    var declaration: Declaration { self.enrolment.declaration.declaration }

    /// Signs the declaration with the parent's key.
    ///
    /// `parentID` is the parent where `parent` is one above it.
    init(
        _ name: String, of parent: Identity, under parentID: AppID? = nil, level: SecurityLevel, serverKey: PublicKey,
        tags: JSONObject = [:],
        roleRefs: [String] = [], startDeadline: Duration? = nil
    ) throws {
        guard !name.isEmpty, name.utf8.count <= WireLimits.nameBytesMax else {
            throw CommandFailure.usage("a name has 1 to \(WireLimits.nameBytesMax) bytes", hint: "give --name")
        }
        var dice = SystemRandomNumberGenerator()
        let key = SigningKey.random(using: &dice)
        let declaration = Declaration(
            appID: .random(using: &dice), parentID: parentID ?? parent.appID, enrolKey: key.publicKey, level: level,
            roleRefs: roleRefs, startDeadline: startDeadline ?? WireLimits.startDeadlineDefault,
            scheduledAt: .now(), serverKey: serverKey)
        do throws(FrameError) {
            let signed = try declaration.signed(by: parent.key)
            guard let enrolment = Enrolment(seed: key.seed, declaration: signed) else {
                preconditionFailure("the enrolment of \(declaration.appID) does not fit its own seed")
            }
            self.enrolment = enrolment
        } catch {
            throw CommandFailure(65, error.message, hint: error.hint)
        }
        self.name = name
        self.parent = parent
        self.tags = tags
    }

    /// What the child is given.
    var info: TrailsInfo {
        let declaration = self.declaration
        let above = Ancestor(appID: self.parent.appID, publicKey: self.parent.key.publicKey)
        return TrailsInfo(
            appID: declaration.appID, parentID: declaration.parentID, appName: self.name,
            server: self.parent.endpoint, serverKey: declaration.serverKey, level: declaration.level,
            scheduledAt: declaration.scheduledAt, startDeadline: declaration.startDeadline,
            roleRefs: declaration.roleRefs, tags: self.tags, enrolment: self.enrolment,
            ancestors: [above] + self.parent.ancestors)
    }

    /// Declares it to the server.
    func declare(_ api: TrailsAPI) async throws(TrailsError) {
        _ = try await api.declare(
            DeclareChildBody(self.enrolment.declaration, appName: self.name, tags: self.tags),
            as: self.parent.credentials)
    }
}

extension Caller {
    /// Completes what only the server knows of an identity: its name, its parent, its level.
    func complete(_ identity: Identity, _ api: TrailsAPI) async throws -> Identity {
        var identity = identity
        if identity.serverKey == nil { identity.serverKey = try await api.serverKey() }
        guard identity.level == nil else { return identity }
        let app = try await api.app(identity.appID, as: identity.credentials)
        identity.name = app.appName
        identity.level = app.level
        identity.parentID = app.parentID
        // Its parent's key is known where the parent is the selected root.
        if let parent = app.parentID, identity.ancestors.isEmpty, let root = try? self.subject(), root.appID == parent {
            identity.ancestors = [Ancestor(appID: parent, publicKey: root.key.publicKey)]
        }
        return identity
    }
}
