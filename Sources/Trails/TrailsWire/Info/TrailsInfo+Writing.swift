internal import TrailsCore
public import Vocabulary

extension TrailsInfo {
    /// The JSON object, members that this version does not know last. It holds a secret.
    public var json: JSONValue {
        let members = JSONObject.of(
            ("v", Self.version), ("appId", self.appID), ("parentId", self.parentID ?? JSONValue.null),
            ("appName", self.appName), ("serverEp", self.server.webSocketURL), ("serverPubKey", self.serverKey),
            ("secLevel", self.level), ("scheduledAt", self.scheduledAt), ("startDeadline", self.startDeadline),
            ("originator", self.originator?.json), ("roleRefs", self.roleRefs.isEmpty ? nil : self.roleRefs),
            ("tags", self.tags.isEmpty ? nil : self.tags), ("enroll", self.enrolment?.json),
            ("ancestors", self.ancestors.isEmpty ? nil : self.ancestors), ("traceparent", self.traceparent))
        return .object(members.filled(from: self.others))
    }

    /// The value for the environment variable: Base64, standard alphabet, padded, one line. It holds a secret.
    public var text: String { Base64.encode(self.json.utf8) }
}

extension TrailsInfo: CustomStringConvertible {
    /// Without the secret.
    public var description: String { "\(self.appName) (\(self.appID.short)) at \(self.server)" }
}

extension Originator {
    var json: JSONValue { .object(.of(("sub", self.subject), ("groups", self.groups))) }
}

extension Enrolment {
    /// `{seed, declaration, sig}`, the signature beside the declaration. It holds the secret.
    var json: JSONValue {
        .object(
            .of(
                ("seed", Base64.encode(self.seed)), ("declaration", self.declaration.members.without("sig")),
                ("sig", self.declaration.signature)))
    }
}
