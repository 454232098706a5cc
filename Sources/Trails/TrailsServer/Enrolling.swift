import HashTreeCollections
import TrailsCore
import TrailsWire
import Vocabulary

/// Turns what a register brings into what the tree decides about (spec/trails.md §2).
struct Enrolling {
    /// The server's own.
    let key: PublicKey

    /// What a frame says of its app; what its declaration says counts more.
    static func facts(of frame: RegisterFrame, now: Timestamp) -> AppFacts {
        self.facts(
            app: frame.appID, parent: frame.parentID, name: frame.appName, level: frame.level ?? .open,
            scheduledAt: frame.scheduledAt ?? now, tags: frame.tags, roleRefs: frame.roleRefs,
            declaration: frame.declaration?.declaration)
    }

    static func facts(
        app: AppID, parent: AppID?, name: String, level: SecurityLevel, scheduledAt: Timestamp, tags: JSONObject,
        roleRefs: [String], declaration: Declaration?, recoveryKey: PublicKey? = nil, isPermanentRoot: Bool = false
    ) -> AppFacts {
        let scheduledAt = declaration?.scheduledAt ?? scheduledAt
        return AppFacts(
            id: app, parent: declaration?.parentID ?? parent, name: name, level: declaration?.level ?? level,
            scheduledAt: scheduledAt, startDay: Int(scheduledAt.startDay),
            tags: tags.isEmpty ? nil : JSONValue.object(tags).sortedText(),
            roleRefs: declaration?.roleRefs ?? roleRefs, enrolmentKey: declaration?.enrolKey, recoveryKey: recoveryKey,
            isPermanentRoot: isPermanentRoot, origin: parent == nil ? .root : .declared)
    }

    /// What was proven: that the meant child chose its key, and by whose word it is meant.
    ///
    /// A child that was declared before needs no declaration, only the proof; then the tree knows its enrolment key.
    func enrolment(
        _ declaration: SignedDeclaration?, _ proof: EnrolmentProof, _ facts: AppFacts, in tree: ProcessTree
    ) -> Registration.Enrolment? {
        guard let declaration, declaration.declaration.appID == facts.id,
            proof.isValid(under: declaration.declaration, for: self.key)
        else { return nil }
        return Registration.Enrolment(
            declaredBy: self.declarer(of: declaration, in: tree), enrolmentKey: declaration.declaration.enrolKey)
    }

    /// The key, of the parent or of an ancestor of it, that signed the declaration.
    func declarer(of declaration: SignedDeclaration, in tree: ProcessTree) -> PublicKey? {
        guard let parent = declaration.declaration.parentID else { return nil }
        return ([parent] + tree.ancestors(of: parent)).lazy
            .compactMap { tree.apps[$0]?.key }
            .first { declaration.isSigned(by: Verifier($0), for: self.key) }
    }
}
